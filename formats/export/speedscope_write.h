/* SPDX-License-Identifier: MIT */
/* speedscope's own JSON, see speedscope_write.c. */
#ifndef RN_SPEEDSCOPE_WRITE_H
#define RN_SPEEDSCOPE_WRITE_H

#include "slice.h"

#define RN_SPEEDSCOPE_BUDGET (16u << 20)

extern const struct rn_slice_format rn_speedscope_format;

#endif
