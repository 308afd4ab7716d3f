/* SPDX-License-Identifier: MIT */
#include "cli_diff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RULES_FILE_MAX = 1 << 20 };

static char *command_line(const struct rn_manifest *manifest)
{
    struct rn_buf text = RN_BUF_INIT;

    for (char **word = manifest->argv; word && *word; word++) {
        rn_buf_text(&text, text.size ? " " : "");
        rn_buf_text(&text, *word);
    }
    if (!manifest->argv && manifest->attached_pid)
        rn_buf_printf(&text, "process %u", manifest->attached_pid);
    rn_buf_byte(&text, '\0');
    return text.failed ? NULL : (char *)text.data;
}

/* The effects need all of it; the sequence is fed beside them where it is asked for. */
static enum rn_status read_sequence(struct cli_diff_side *side, struct rn_reader *reader,
                                    struct rn_error *err)
{
    struct rn_event event;
    enum rn_status status;

    while ((status = rn_reader_next_event(reader, &event, err)) == RN_OK) {
        status = rn_effects_feed(side->effects, &event, err);
        if (status == RN_OK)
            status = rn_sequence_feed(side->sequence, &event, err);
        if (status != RN_OK)
            return status;
    }
    return status == RN_EOF ? rn_effects_read(side->effects, reader, err) : status;
}

static enum rn_status load(struct cli_diff_side *side, struct rn_reader *reader,
                           enum cli_diff_mode mode, uint64_t keep, struct rn_error *err)
{
    const struct rn_manifest *manifest = rn_reader_manifest(reader);
    struct rn_effects_options options = {.keep = keep};

    side->command = command_line(manifest);
    side->content_head = manifest->content_head;
    side->effects = rn_effects_new(manifest, &options);
    if (mode == CLI_DIFF_SEQUENCE)
        side->sequence = rn_sequence_new();
    if (!side->command || !side->effects || (mode == CLI_DIFF_SEQUENCE && !side->sequence))
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    if (side->sequence)
        return read_sequence(side, reader, err);
    return rn_effects_read(side->effects, reader, err);
}

/* An archive ends with two blocks of zeros. Where they are gone, so may be what stood before: its
 * size is no longer what it was. */
static bool is_cut(const char *path)
{
    uint8_t end[1024];
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool cut = false;

    if (fd < 0)
        return false;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
        cut = info.st_size % 512 != 0 || info.st_size < (off_t)sizeof(end) ||
              pread(fd, end, sizeof(end), info.st_size - (off_t)sizeof(end)) != sizeof(end);
        for (size_t i = 0; i < sizeof(end) && !cut; i++)
            cut = end[i] != 0;
    }
    close(fd);
    return cut;
}

bool cli_diff_load(struct cli_diff_side *side, const char *path, enum cli_diff_mode mode,
                   uint64_t keep)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_reader *reader = NULL;
    enum rn_status status;

    memset(side, 0, sizeof(*side));
    side->path = path;
    status = rn_reader_open(path, &reader, &err);
    if (status == RN_OK)
        status = load(side, reader, mode, keep, &err);
    rn_reader_free(reader);
    if (status == RN_OK && is_cut(path))
        rn_effects_note_missing(side->effects, "the end of the archive is cut");
    if (status == RN_OK)
        return true;
    rn_fail_in(&err, path);
    cli_error(&err);
    return false;
}

void cli_diff_side_free(struct cli_diff_side *side)
{
    free(side->command);
    rn_effects_free(side->effects);
    rn_sequence_free(side->sequence);
    memset(side, 0, sizeof(*side));
}

static bool read_text(const char *path, struct rn_buf *text)
{
    FILE *file = fopen(path, "re");
    bool fine = file != NULL;

    while (fine && text->size <= RULES_FILE_MAX) {
        uint8_t *room = rn_buf_reserve(text, 4096);
        size_t got = room ? fread(room, 1, 4096, file) : 0;

        if (got == 0)
            break;
        text->size += got;
    }
    fine = fine && !ferror(file) && !text->failed;
    if (!fine)
        cli_fail("%s: cannot read: %s", path, strerror(errno));
    else if (text->size > RULES_FILE_MAX)
        cli_fail("%s: larger than %d bytes: no file of rules", path, RULES_FILE_MAX);
    if (file)
        fclose(file);
    return fine && text->size <= RULES_FILE_MAX;
}

struct rn_diff_rules *cli_diff_read_rules(const char *path)
{
    struct rn_diff_rules *rules = rn_diff_rules_new();
    struct rn_error err = RN_ERROR_INIT;
    struct rn_buf text = RN_BUF_INIT;
    bool fine = false;

    if (!rules) {
        cli_fail("out of memory");
    } else if (!path) {
        fine = true;
    } else if (read_text(path, &text)) {
        fine = rn_diff_rules_parse(rules, (const char *)text.data, text.size, &err) == RN_OK;
        if (!fine) {
            rn_fail_in(&err, path);
            cli_error(&err);
        }
    }
    rn_buf_free(&text);
    if (fine)
        return rules;
    rn_diff_rules_free(rules);
    return NULL;
}

bool cli_diff_compare(struct cli_diff *job, const struct rn_diff_rules *rules)
{
    struct rn_diff_options options = {.tolerance = job->tolerance, .rules = rules};
    struct rn_error err = RN_ERROR_INIT;
    enum rn_status status = rn_diff_new(job->a.effects, job->b.effects, &options, &job->diff, &err);

    if (status == RN_OK && job->mode == CLI_DIFF_SEQUENCE)
        status = rn_sequence_compare(job->a.sequence, job->b.sequence, job->tolerance,
                                     &job->sequence, &err);
    if (status != RN_OK)
        cli_error(&err);
    return status == RN_OK;
}

void cli_diff_free(struct cli_diff *job)
{
    rn_diff_free(job->diff);
    cli_diff_side_free(&job->a);
    cli_diff_side_free(&job->b);
}

static bool sequences_agree(const struct cli_diff *job)
{
    return !job->sequence.at_least && job->sequence.difference <= job->tolerance;
}

const char *cli_diff_verdict(const struct cli_diff *job)
{
    if (job->mode == CLI_DIFF_EFFECTS || job->diff->verdict == RN_VERDICT_INCONCLUSIVE)
        return rn_verdict_name(job->diff->verdict);
    if (!job->sequence.diverges)
        return "SAME SEQUENCE";
    return sequences_agree(job) ? "SIMILAR SEQUENCE" : "DIFFERENT SEQUENCE";
}

int cli_diff_status(const struct cli_diff *job)
{
    enum rn_verdict verdict = job->diff->verdict;

    if (verdict == RN_VERDICT_INCONCLUSIVE)
        return RN_EXIT_TROUBLE;
    if (job->mode == CLI_DIFF_SEQUENCE)
        return sequences_agree(job) ? RN_EXIT_OK : RN_EXIT_ANSWER;
    return verdict == RN_VERDICT_DIFFERENT ? RN_EXIT_ANSWER : RN_EXIT_OK;
}
