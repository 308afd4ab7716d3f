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

/* Names that are the same in C get a number. */
static unsigned namesakes(const struct rn_fit *fit, uint32_t number)
{
    struct rn_buf mine = RN_BUF_INIT, other = RN_BUF_INIT;
    unsigned count = 0;

    put_identifier(&mine, fit->operations[number].name);
    for (uint32_t i = 0; i < number; i++) {
        rn_buf_clear(&other);
        put_identifier(&other, fit->operations[i].name);
        count += other.size == mine.size && memcmp(other.data, mine.data, mine.size) == 0;
    }
    rn_buf_free(&mine);
    rn_buf_free(&other);
    return count;
}

static void put_ranges(struct rn_buf *out, const struct rn_fit *fit, uint32_t number,
                       const struct rn_fit_placement *placement)
{
    const struct rn_fit_operation *operation = &fit->operations[number];
    struct cli_fit_answer answers[CLI_FIT_MAX_ANSWERS];
    unsigned count = cli_fit_answers(fit, operation, placement, answers);
    unsigned same = namesakes(fit, number);

    rn_buf_text(out, "\n/* \"");
    put_plain(out, operation->name);
    rn_buf_printf(out, "\", data on the %s", placement->on_device ? "device" : "host");
    if (placement->refused != RN_FIT_FINE) {
        rn_buf_text(out, ": not fitted: ");
        put_plain(out, placement->why);
    }
    rn_buf_text(out, " */\n__attribute__((unused)) static const struct rn_policy_range rn_policy_");
    put_identifier(out, operation->name);
    if (same)
        rn_buf_printf(out, "_%u", same + 1);
    rn_buf_printf(out, "%s[] = {\n", placement->on_device ? "_on_device" : "");
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

    rn_buf_text(out, beginning);
    rn_buf_text(out, "\n/* The machine: ");
    put_plain(out, *job->machine->cpu ? job->machine->cpu : "unknown CPU");
    if (*job->machine->gpu) {
        rn_buf_text(out, "; ");
        put_plain(out, job->machine->gpu);
    }
    rn_buf_printf(out, " */\n#define RN_POLICY_MACHINE UINT64_C(0x%016" PRIx64 ")\n",
                  job->machine->fingerprint);
    for (uint32_t i = 0; i < fit->operation_count; i++)
        for (unsigned p = 0;
             cli_fit_is_known(fit, &fit->operations[i]) && p < fit->operations[i].placement_count;
             p++)
            put_ranges(out, fit, i, &fit->operations[i].placements[p]);
    rn_buf_text(out, ending);
}
