/* SPDX-License-Identifier: MIT */
/* Events as raw records (record.h) in memory. rn_record_decode (ring_file.h) is the way back. */
#ifndef RN_RECORD_ENCODE_H
#define RN_RECORD_ENCODE_H

#include "buf.h"
#include "event.h"

/* Append one. RN_E_LIMIT: it would be larger than RN_RECORD_MAX, or has too many attachments. */
RN_MUST_CHECK enum rn_status rn_record_encode(const struct rn_event *event, struct rn_buf *out,
                                              struct rn_error *err);

#endif
