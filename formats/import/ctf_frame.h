/* SPDX-License-Identifier: MIT */
/* What ctf_source.h describes as frames: decoding them. */
#ifndef RN_CTF_FRAME_H
#define RN_CTF_FRAME_H

#include "ctf_source.h"

/* What frames before have told. All zero at first. */
struct rn_ctf_frames {
    char **names;
    size_t name_count, name_room;
    struct rn_ctf_class **classes;
    size_t class_count, class_room;
    struct rn_ctf_field fields[RN_CTF_FIELDS_MAX];
};
void rn_ctf_frames_clear(struct rn_ctf_frames *frames);

/* Bytes of a frame behind its header. */
static inline size_t rn_ctf_frame_size(const uint8_t *header)
{
    return (size_t)header[1] | (size_t)header[2] << 8 | (size_t)header[3] << 16 |
           (size_t)header[4] << 24;
}

/* *handed_out: `message` is filled; it points into `data`. RN_EOF: the last frame. */
RN_MUST_CHECK enum rn_status rn_ctf_frame_decode(struct rn_ctf_frames *frames, uint8_t type,
                                                 const uint8_t *data, size_t size,
                                                 struct rn_ctf_message *message, bool *handed_out,
                                                 struct rn_error *err);

#endif
