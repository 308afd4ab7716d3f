/* SPDX-License-Identifier: MIT */
/* What recordings reveal. */
#include "cli_scrub.h"

#include "formats/escape.h"

#include <inttypes.h>
#include <string.h>

static void count_member(void *context, const char *name, const uint8_t *data, size_t size)
{
    struct rn_buf text = RN_BUF_INIT;

    (void)rn_scrub_member(context, name, data, size, &text);
    rn_buf_free(&text);
}

static enum rn_status read_all(struct rn_scrub *scrub, struct rn_reader *reader,
                               struct rn_error *err)
{
    struct rn_event event, changed;
    enum rn_status status;

    rn_reader_on_member(reader, count_member, scrub);
    while ((status = rn_reader_next_event(reader, &event, err)) == RN_OK) {
        status = rn_scrub_event(scrub, &event, &changed, err);
        if (status != RN_OK)
            return status;
    }
    return status == RN_EOF ? RN_OK : status;
}

/* And those of what it was merged from. The reader's own are not to be changed. */
static enum rn_status check_manifest(struct rn_scrub *scrub, const struct rn_manifest *from,
                                     struct rn_error *err)
{
    struct rn_manifest copy;
    enum rn_status status = rn_manifest_copy(from, &copy, err);

    if (status == RN_OK)
        status = rn_scrub_manifest(scrub, &copy, err);
    rn_manifest_clear(&copy);
    for (size_t i = 0; i < from->source_count && status == RN_OK; i++)
        status = check_manifest(scrub, from->sources[i].manifest, err);
    return status;
}

static bool reveals(const struct rn_scrub *scrub)
{
    const struct rn_scrub_account *accounts = rn_scrub_accounts(scrub);

    for (unsigned i = 0; i < RN_SCRUB_CLASSES; i++)
        if (accounts[i].replaced)
            return true;
    return false;
}

static void put_text(const struct rn_scrub *scrub, const char *path, struct rn_buf *out)
{
    const struct rn_scrub_account *accounts = rn_scrub_accounts(scrub);

    rn_escape_terminal(out, (const uint8_t *)path, strlen(path));
    rn_buf_text(out, reveals(scrub) ? " reveals:\n" : " reveals nothing that the policy names\n");
    for (unsigned i = 0; i < RN_SCRUB_CLASSES; i++) {
        if (!accounts[i].replaced)
            continue;
        rn_buf_printf(out, "  %-12s%10" PRIu64, rn_scrub_class_name((enum rn_scrub_class)i),
                      accounts[i].replaced);
        for (unsigned k = 0; k < RN_SCRUB_EXAMPLES && accounts[i].examples[k][0]; k++)
            rn_buf_printf(out, "%s%s", k ? ", " : "  ", accounts[i].examples[k]);
        rn_buf_byte(out, '\n');
    }
}

static void put_json(const struct rn_scrub *scrub, const char *path, struct rn_buf *out)
{
    const struct rn_scrub_account *accounts = rn_scrub_accounts(scrub);

    rn_buf_text(out, "{\"version\":1,\"file\":");
    rn_escape_json(out, (const uint8_t *)path, strlen(path));
    rn_buf_text(out, ",\"classes\":{");
    for (unsigned i = 0; i < RN_SCRUB_CLASSES; i++) {
        rn_buf_printf(out, "%s\"%s\":{\"replaced\":%" PRIu64 ",\"kept\":%" PRIu64 ",\"examples\":[",
                      i ? "," : "", rn_scrub_class_name((enum rn_scrub_class)i),
                      accounts[i].replaced, accounts[i].kept);
        for (unsigned k = 0; k < RN_SCRUB_EXAMPLES && accounts[i].examples[k][0]; k++) {
            rn_buf_text(out, k ? "," : "");
            rn_escape_json(out, (const uint8_t *)accounts[i].examples[k],
                           strlen(accounts[i].examples[k]));
        }
        rn_buf_text(out, "]}");
    }
    rn_buf_text(out, "}}\n");
}

static bool check(const struct cli_scrub_options *options, const char *path, struct rn_buf *out,
                  bool *found)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_reader *reader = NULL;
    struct rn_scrub *scrub = rn_scrub_new(options->policy, options->key.data, options->key.size);
    enum rn_status status =
        scrub ? rn_reader_open(path, &reader, &err) : rn_fail(&err, RN_E_NOMEM, "out of memory");

    if (status == RN_OK)
        cli_scrub_learn(scrub, path);
    if (status == RN_OK)
        status = check_manifest(scrub, rn_reader_manifest(reader), &err);
    if (status == RN_OK)
        status = read_all(scrub, reader, &err);
    if (status == RN_OK) {
        *found |= reveals(scrub);
        (options->json ? put_json : put_text)(scrub, path, out);
    } else {
        rn_fail_in(&err, path);
        cli_error(&err);
    }
    rn_reader_free(reader);
    rn_scrub_free(scrub);
    return status == RN_OK;
}

int cli_scrub_check(const struct cli_scrub_options *options, char **paths)
{
    struct cli_output *output = cli_output_open(NULL);
    struct rn_buf text = RN_BUF_INIT;
    bool fine = output != NULL, found = false;

    for (; *paths && output; paths++)
        fine &= check(options, *paths, &text, &found);
    fine &= output && cli_output_close(output, &text);
    rn_buf_free(&text);
    if (!fine)
        return RN_EXIT_TROUBLE;
    return found ? RN_EXIT_ANSWER : RN_EXIT_OK;
}
