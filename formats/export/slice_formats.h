/* SPDX-License-Identifier: MIT */
/* The formats that slices are written in: one object each, in the file that writes it. */
#ifndef RN_SLICE_FORMATS_H
#define RN_SLICE_FORMATS_H

#include "slice.h"

extern const struct rn_slice_format rn_chrome_slices;   /* chrome_write.c */
extern const struct rn_slice_format rn_perfetto_slices; /* perfetto_write.c */

#endif
