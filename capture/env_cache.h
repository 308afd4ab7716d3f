/* SPDX-License-Identifier: MIT */
/* Small files that are valid until the machine is started anew. */
#ifndef RN_ENV_CACHE_H
#define RN_ENV_CACHE_H

#include "formats/buf.h"

/* Append the cached text of that name; false where there is none of this boot. */
bool rn_env_cache_read(const char *name, struct rn_buf *out);
/* Keep it, if possible: a cache that cannot be written is no error. An empty text is kept too, so
 * that what fails once is not tried again. */
void rn_env_cache_write(const char *name, const struct rn_buf *text);

#endif
