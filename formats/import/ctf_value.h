/* SPDX-License-Identifier: MIT */
/* Numbers of a CTF trace as JSON, as rn_render_json (libanalysis/render.h) writes them: integers of
 * more than 53 bits are strings, what JSON has no number for ("NaN", "Infinity") too. */
#ifndef RN_CTF_VALUE_H
#define RN_CTF_VALUE_H

#include "ctf_source.h"

void rn_ctf_json_unsigned(struct rn_buf *out, uint64_t value);
void rn_ctf_json_signed(struct rn_buf *out, int64_t value);
void rn_ctf_json_hex(struct rn_buf *out, uint64_t value); /* "0x..." */
void rn_ctf_json_real(struct rn_buf *out, double value);
/* The value of a field; of an enumeration its label. */
void rn_ctf_json_field(struct rn_buf *out, const struct rn_ctf_field *field);

#endif
