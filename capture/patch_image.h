/* SPDX-License-Identifier: MIT */
/* The bytes of an ELF file as patch.h wants them: a copy, because a file that is mapped can be cut
 * under its reader, and of it only what is needed, because libraries reach gigabytes. */
#ifndef RN_PATCH_IMAGE_H
#define RN_PATCH_IMAGE_H

#include "formats/status.h"

#include <stddef.h>
#include <stdint.h>

struct rn_patch_image {
    uint8_t *bytes; /* as large as the file; what was not needed is zero */
    size_t size;
};

#define RN_PATCH_IMAGE_MAX (UINT64_C(4) << 30)

/* RN_E_FORMAT for what rn_sites_find would refuse, RN_E_LIMIT over RN_PATCH_IMAGE_MAX. The position
 * of fd does not change. */
RN_MUST_CHECK enum rn_status rn_patch_image_load(int fd, struct rn_patch_image *image,
                                                 struct rn_error *err);
void rn_patch_image_free(struct rn_patch_image *image);

#endif
