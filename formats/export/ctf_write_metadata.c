/* SPDX-License-Identifier: MIT */
/* TSDL, section C.1 of the CTF 1.8 specification. Names of fields begin with an underscore, which
 * readers take off, so that none is a keyword. */
#include "ctf_write_private.h"
#include "formats/ctf_own.h"
#include "formats/event_schema.h"

/* What all traces have in common. The layout of names is that of LTTng 2.13, which readers know by
 * domain and version. */
static const char preamble[] =
    "/* CTF 1.8 */\n"
    "typealias integer { size = 8; align = 8; signed = false; } := uint8_t;\n"
    "typealias integer { size = 32; align = 8; signed = false; } := uint32_t;\n"
    "typealias integer { size = 64; align = 8; signed = false; } := uint64_t;\n"
    "typealias integer { size = 32; align = 8; signed = true; } := int32_t;\n"
    "typealias integer { size = 64; align = 8; signed = true; } := int64_t;\n"
    "typealias integer { size = 64; align = 8; signed = false; base = 16; } := hex64_t;\n"
    "typealias integer { size = 64; align = 8; signed = false; base = 8; } := octal64_t;\n\n";

static const char streams[] =
    "typealias integer { size = 64; align = 8; signed = false; map = clock.monotonic.value; } := "
    "time_t;\n\n"
    "stream {\n"
    "\tid = 0;\n"
    "\tpacket.context := struct {\n"
    "\t\ttime_t timestamp_begin;\n"
    "\t\ttime_t timestamp_end;\n"
    "\t\tuint64_t content_size;\n"
    "\t\tuint64_t packet_size;\n"
    "\t\tuint64_t packet_seq_num;\n"
    "\t\tuint64_t events_discarded;\n"
    "\t};\n"
    "\tevent.header := struct { uint32_t id; time_t timestamp; };\n"
    "\tevent.context := struct { int32_t _pid; int32_t _tid; uint32_t _rn_stream; };\n"
    "};\n\n";

static const char attachments[] = "\t\tuint32_t __rn_attachments_length;\n"
                                  "\t\tuint8_t _rn_attachments[ __rn_attachments_length ];\n";

static void put_uuid(struct rn_buf *out, const uint8_t uuid[16])
{
    for (unsigned i = 0; i < 16; i++)
        rn_buf_printf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
}

/* A quoted text: what would need an escape is left out. */
static void put_quoted(struct rn_buf *out, const char *text)
{
    rn_buf_byte(out, '"');
    for (unsigned i = 0; text[i] && i < 256; i++)
        rn_buf_byte(out, text[i] >= ' ' && text[i] < 127 && text[i] != '"' && text[i] != '\\'
                             ? (uint8_t)text[i]
                             : '?');
    rn_buf_byte(out, '"');
}

static void put_environment(struct rn_buf *out, const struct ctf_metadata *metadata)
{
    const struct rn_manifest *manifest = metadata->manifest;
    rn_buf_text(out, "env {\n\tdomain = \"kernel\";\n\ttracer_name = \"" RN_CTF_TRACER "\";\n"
                     "\ttracer_major = 2;\n\ttracer_minor = 13;\n\trenacer_version = ");
    put_quoted(out, metadata->creator);
    if (manifest->host) {
        rn_buf_text(out, ";\n\thostname = ");
        put_quoted(out, manifest->host);
    }
    rn_buf_text(out, ";\n};\n\nclock {\n\tname = \"monotonic\";\n\tuuid = \"");
    put_uuid(out, manifest->uuid);
    rn_buf_text(out, "\";\n\tdescription = \"nanoseconds since the first event\";\n"
                     "\tfreq = 1000000000;\n\toffset = ");
    rn_buf_decimal(out, metadata->zero);
    rn_buf_text(out, ";\n\tabsolute = true;\n};\n\n");
}

static void begin_class(struct rn_buf *out, uint32_t id, const char *prefix, const char *name)
{
    rn_buf_printf(out,
                  "event {\n\tname = \"%s%s\";\n\tid = %u;\n\tstream_id = 0;\n"
                  "\tfields := struct {\n",
                  prefix, name, id);
}

static void end_class(struct rn_buf *out)
{
    rn_buf_text(out, "\t};\n};\n\n");
}

static void put_kind(struct rn_buf *out, uint8_t kind)
{
    const struct rn_schema *schema = rn_schema_get(kind);
    begin_class(out, kind, "rn_", schema->name);
    if (kind != RN_KIND_STREAM)
        rn_buf_text(out, "\t\tuint64_t _duration;\n\t\tuint32_t _rn_flags;\n");
    for (unsigned i = 0; i < schema->words; i++) {
        const struct rn_field *field = &schema->fields[i];
        rn_buf_printf(out, "\t\t%s _%s;\n",
                      field->is_hex      ? "hex64_t"
                      : field->is_signed ? "int64_t"
                                         : "uint64_t",
                      field->name);
    }
    rn_buf_text(out, "\t\tstring _name;\n");
    if (kind != RN_KIND_STREAM) {
        rn_buf_text(out, "\t\tstring _text;\n");
        rn_buf_text(out, attachments);
    }
    end_class(out);
}

static void put_begin(struct rn_buf *out, uint32_t id, const char *prefix,
                      const struct rn_syscall_info *info)
{
    static const char *const types[] = {[CTF_ARG_SIGNED] = "int64_t",
                                        [CTF_ARG_UNSIGNED] = "uint64_t",
                                        [CTF_ARG_HEX] = "hex64_t",
                                        [CTF_ARG_OCTAL] = "octal64_t"};
    begin_class(out, id, prefix, info ? info->name : "unknown");
    for (unsigned i = 0; info && i < info->arg_count; i++) {
        enum ctf_argument form = rn_ctf_argument_of(info->args[i].type);
        if (form == CTF_ARG_TEXT)
            rn_buf_printf(out, "\t\tstring _%s;\n\t\thex64_t _%s_ptr;\n", info->args[i].name,
                          info->args[i].name);
        else
            rn_buf_printf(out, "\t\t%s _%s;\n", types[form], info->args[i].name);
    }
    for (unsigned i = 0; !info && i < 6; i++)
        rn_buf_printf(out, "\t\thex64_t _arg%u;\n", i);
    end_class(out);
}

static void put_end(struct rn_buf *out, uint32_t id, const char *prefix, const char *name)
{
    begin_class(out, id, prefix, name);
    rn_buf_text(out, "\t\tint64_t _ret;\n\t\tuint32_t _rn_flags;\n\t\thex64_t _rn_site;\n"
                     "\t\tuint8_t _rn_abi;\n\t\tuint64_t _rn_nr;\n");
    rn_buf_text(out, attachments);
    end_class(out);
}

static void put_call(struct rn_buf *out, uint32_t id)
{
    uint32_t number = (id - CTF_ID_CALLS) / 2;
    uint32_t abi = number / CTF_CALL_NUMBERS;
    const struct rn_syscall_info *info =
        id < CTF_ID_CALLS ? NULL : rn_syscall_info(abi, number % CTF_CALL_NUMBERS);
    bool compat = info && abi == RN_ABI_I386;
    if (id % 2 == 0)
        put_begin(out, id, compat ? "compat_syscall_entry_" : "syscall_entry_", info);
    else
        put_end(out, id, compat ? "compat_syscall_exit_" : "syscall_exit_",
                info ? info->name : "unknown");
}

void rn_ctf_write_metadata(struct rn_buf *out, const struct ctf_metadata *metadata)
{
    rn_buf_text(out, preamble);
    rn_buf_text(out, "trace {\n\tmajor = 1;\n\tminor = 8;\n\tuuid = \"");
    put_uuid(out, metadata->manifest->uuid);
    rn_buf_text(out, "\";\n\tbyte_order = le;\n\tpacket.header := struct {\n"
                     "\t\tuint32_t magic;\n\t\tuint8_t uuid[16];\n\t\tuint32_t stream_id;\n"
                     "\t};\n};\n\n");
    put_environment(out, metadata);
    rn_buf_text(out, streams);
    for (uint32_t id = 0; id < CTF_IDS; id++) {
        if (!metadata->used[id])
            continue;
        if (id < CTF_ID_UNFINISHED)
            put_kind(out, (uint8_t)id);
        else if (id == CTF_ID_UNFINISHED)
            put_end(out, id, "rn_", "unfinished");
        else
            put_call(out, id);
    }
}
