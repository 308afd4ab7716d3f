/* SPDX-License-Identifier: MIT */
/* Within the process that decodes: what ctf_read.c (the graph of libbabeltrace2) and
 * ctf_read_event.c (its messages as frames) share. */
#ifndef RN_CTF_READ_PRIVATE_H
#define RN_CTF_READ_PRIVATE_H

#include "ctf_source.h"
#include "formats/id_map.h"

#include <babeltrace2/babeltrace.h>

struct ctf_output {
    int fd;
    struct rn_buf buf, json;
    struct rn_id_map shapes, classes, traces, names;
    uint32_t name_count, class_count;
    const char *failure; /* why the reading must end; NULL none */
};

/* False: failure is set. */
bool rn_ctf_output_message(struct ctf_output *output, const bt_message *message);
bool rn_ctf_output_flush(struct ctf_output *output);
void rn_ctf_output_frame(struct ctf_output *output, uint8_t type, const char *text);
/* PROBLEM or FAILED. */
void rn_ctf_output_problem(struct ctf_output *output, uint8_t type, uint64_t offset,
                           const char *text);

/* Of the traces below `path`, what can be read, as directories in `scratch`. What cannot is told.
 */
void rn_ctf_salvage(struct ctf_output *output, const bt_component_class_source *class,
                    const char *path, const char *scratch);
/* ctf_read_log.c: where the packet is that the library complained of; RN_CTF_NO_OFFSET: it did not
 * say. */
uint64_t rn_ctf_log_offset(void);
/* "At line 7 in metadata stream: ..."; false: it did not say that. */
bool rn_ctf_log_metadata(char *out, size_t size);
bool rn_ctf_log_clear(void);
/* Addresses of the library's objects mean nothing to the user. */
void rn_ctf_strip_addresses(char *text);
/* Parameters of a file system source; NULL: no memory. */
bt_value *rn_ctf_source_parameters(const char *path);

/* Is it of that type, or of one of these types? */
bool rn_ctf_is(const bt_field *field, bt_field_class_type type);
bool rn_ctf_is_hex(const bt_field *field); /* an integer that is to be shown so */
/* The first label of an enumeration's value; NULL none, and for other fields. */
const char *rn_ctf_label(const bt_field *field);
double rn_ctf_real(const bt_field *field);
/* A field as JSON; what lies too deep or is too long is left out. */
void rn_ctf_json_value(struct rn_buf *out, const bt_field *field, unsigned depth);

#endif
