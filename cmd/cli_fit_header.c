/* SPDX-License-Identifier: MIT */
/* The policy as C: a header that needs nothing but <stdint.h>. */
#include "cli_fit.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char beginning[] =
    "/* Made by rn-backend-fit " RN_VERSION ". Which backend to take for how many elements.\n"
    " * What is \"fitted\" rests on measurements on the machine named here. */\n"
    "#ifndef RN_POLICY_H\n"
    "#define RN_POLICY_H\n\n"
    "#include <stdint.h>\n\n"
    "enum rn_policy_backend { RN_POLICY_SCALAR = 1, RN_POLICY_SIMD = 2, RN_POLICY_GPU = 3 };\n\n"
    "/* In order of sizes; a range ends at `to`, and the last one has UINT64_MAX. */\n"
    "struct rn_policy_range {\n"
    "    uint64_t to;\n"
    "    enum rn_policy_backend backend;\n"
    "    const char *isa; /* \"\": any */\n"
    "    int fitted;      /* 0: beyond what was measured, or a built-in rule */\n"
    "};\n\n"
    "static inline const struct rn_policy_range *rn_policy_find(const struct rn_policy_range "
    "*range,\n"
    "                                                           uint64_t elements)\n"
    "{\n"
    "    while (elements > range->to)\n"
    "        range++;\n"
    "    return range;\n"
    "}\n";

static const char ending[] = "\n#endif\n";

/* As much of a name as can be part of one in C. */
static void put_identifier(struct rn_buf *out, const char *name)
{
    for (; *name; name++) {
        unsigned char c = (unsigned char)*name;

        rn_buf_byte(out, isascii(c) && isalnum(c) ? c : '_');
    }
}

/* Inside of a comment or a string: nothing that could end it. */
static void put_plain(struct rn_buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        rn_buf_byte(out, c < 0x20 || c > 0x7e || c == '"' || c == '\\' || c == '*' || c == '?' ? '_'
                                                                                               : c);
    }
}

static const char *constant_of(uint8_t use)
{
    return use == 3 ? "RN_POLICY_GPU" : use == 2 ? "RN_POLICY_SIMD" : "RN_POLICY_SCALAR";
}

static void put_name(struct rn_buf *out, const char *operation, unsigned number, bool on_device)
{
    put_identifier(out, operation);
    if (number > 1)
        rn_buf_printf(out, "_%u", number);
    rn_buf_text(out, on_device ? "_on_device" : "");
    rn_buf_byte(out, '\0');
}

/* `names`: one behind the other, each with its NUL. */
static bool is_taken(const struct rn_buf *names, const struct rn_buf *name)
{
    for (size_t at = 0; at + name->size <= names->size;
         at += strlen((const char *)names->data + at) + 1)
        if (memcmp(names->data + at, name->data, name->size) == 0)
            return true;
    return false;
}

/* Names that are the same in C get numbers: of other operations, and of what the header has itself.
 * Appends those of the operation to `names`, one for each place of its data. */
static unsigned number_of(const struct rn_fit_operation *operation, struct rn_buf *names)
{
    struct rn_buf host = RN_BUF_INIT, device = RN_BUF_INIT;
    unsigned number = 0;

    do {
        rn_buf_clear(&host);
        rn_buf_clear(&device);
        put_name(&host, operation->name, ++number, false);
        put_name(&device, operation->name, number, true);
    } while (!host.failed && !device.failed &&
             (is_taken(names, &host) || is_taken(names, &device)));
    rn_buf_append(names, host.data, host.size);
    rn_buf_append(names, device.data, device.size);
    rn_buf_free(&host);
    rn_buf_free(&device);
    return number;
}

static void put_ranges(struct rn_buf *out, const struct rn_fit *fit,
                       const struct rn_fit_operation *operation, unsigned number,
                       const struct rn_fit_placement *placement)
{
    struct cli_fit_answer answers[CLI_FIT_MAX_ANSWERS];
    unsigned count = cli_fit_answers(fit, operation, placement, answers);

    rn_buf_text(out, "\n/* \"");
    put_plain(out, operation->name);
    rn_buf_printf(out, "\", data on the %s", placement->on_device ? "device" : "host");
    if (placement->refused != RN_FIT_FINE) {
        rn_buf_text(out, ": not fitted: ");
        put_plain(out, placement->why);
    }
    rn_buf_text(out, " */\n__attribute__((unused)) static const struct rn_policy_range rn_policy_");
    put_name(out, operation->name, number, placement->on_device);
    out->size -= !out->failed; /* the NUL */
    rn_buf_text(out, "[] = {\n");
    for (unsigned i = 0; i < count; i++) {
        rn_buf_text(out, "    {");
        if (answers[i].to == UINT64_MAX)
            rn_buf_text(out, "UINT64_MAX");
        else
            rn_buf_printf(out, "UINT64_C(%" PRIu64 ")", answers[i].to);
        rn_buf_printf(out, ", %s, \"", constant_of(answers[i].use));
        put_plain(out, answers[i].isa);
        rn_buf_printf(out, "\", %d},\n", answers[i].source == CLI_FIT_FITTED);
    }
    rn_buf_text(out, "};\n");
}

void cli_fit_c_header(const struct cli_fit *job, struct rn_buf *out)
{
    const struct rn_fit *fit = job->fit;
    struct rn_buf names = RN_BUF_INIT; /* without "rn_policy_" */

    rn_buf_text(out, beginning);
    rn_buf_text(out, "\n/* The machine: ");
    put_plain(out, *job->machine->cpu ? job->machine->cpu : "unknown CPU");
    if (*job->machine->gpu) {
        rn_buf_text(out, "; ");
        put_plain(out, job->machine->gpu);
    }
    rn_buf_printf(out, " */\n#define RN_POLICY_MACHINE UINT64_C(0x%016" PRIx64 ")\n",
                  job->machine->fingerprint);
    rn_buf_append(&names, "find", sizeof "find");
    for (uint32_t i = 0; i < fit->operation_count; i++) {
        const struct rn_fit_operation *operation = &fit->operations[i];
        unsigned number;

        if (!cli_fit_is_known(fit, operation))
            continue;
        number = number_of(operation, &names);
        for (unsigned p = 0; p < operation->placement_count; p++)
            put_ranges(out, fit, operation, number, &operation->placements[p]);
    }
    rn_buf_free(&names);
    rn_buf_text(out, ending);
}
