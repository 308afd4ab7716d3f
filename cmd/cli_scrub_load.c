/* SPDX-License-Identifier: MIT */
/* What rn-scrub knows before it reads a recording: key, policy, what the first program is called.
 */
#include "cli_scrub.h"

#include "formats/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define KEY_MIN    16u
#define KEY_RANDOM 32u
#define LOOK_AHEAD 64u /* events: the first program is executed in the third */

/* At most `limit` bytes of a file. */
static bool load(const char *path, size_t limit, struct rn_buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : 1;

    while (got > 0 && out->size <= limit) {
        uint8_t *to = rn_buf_reserve(out, limit + 1);

        got = to ? read(fd, to, limit + 1 - out->size) : -1;
        if (got > 0)
            out->size += (size_t)got;
    }
    if (got < 0)
        cli_fail("%s: cannot read: %s", path, out->failed ? "out of memory" : strerror(errno));
    else if (out->size > limit)
        cli_fail("%s: larger than %zu bytes", path, limit);
    if (fd >= 0)
        close(fd);
    return got >= 0 && out->size <= limit;
}

static bool load_key(struct cli_scrub_options *options)
{
    uint8_t random[KEY_RANDOM];

    if (options->key_path) {
        if (!load(options->key_path, RN_SCRUB_KEY_MAX, &options->key))
            return false;
        if (options->key.size >= KEY_MIN)
            return true;
        cli_fail("%s: a key of %zu bytes; it needs %u at least", options->key_path,
                 options->key.size, KEY_MIN);
        return false;
    }
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        cli_fail("cannot make a key: %s", strerror(errno));
        return false;
    }
    rn_buf_append(&options->key, random, sizeof random);
    explicit_bzero(random, sizeof random);
    return !options->key.failed;
}

bool cli_scrub_load(struct cli_scrub_options *options)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_buf text = RN_BUF_INIT;
    bool fine = load_key(options);

    if (fine && options->policy_path)
        fine = load(options->policy_path, RN_SCRUB_POLICY_MAX, &text);
    if (fine &&
        rn_scrub_policy_new((const char *)text.data, text.size, &options->policy, &err) != RN_OK) {
        rn_fail_in(&err, options->policy_path);
        cli_error(&err);
        fine = false;
    }
    rn_buf_free(&text);
    return fine;
}

void cli_scrub_learn(struct rn_scrub *scrub, const char *path)
{
    struct rn_error ignored = RN_ERROR_INIT; /* who reads all of it will say it */
    struct rn_reader *reader = NULL;
    struct rn_event event;
    bool executed = false;

    if (!cli_can_be_read_again(path) || rn_reader_open(path, &reader, &ignored) != RN_OK)
        return;
    for (unsigned i = 0; i < LOOK_AHEAD && !executed; i++) {
        if (rn_reader_next_event(reader, &event, &ignored) != RN_OK)
            break;
        rn_scrub_learn(scrub, &event);
        executed = event.kind == RN_KIND_PROCESS && event.u.process.op == RN_PROCESS_EXEC;
    }
    rn_reader_free(reader);
}

void cli_scrub_clear(struct cli_scrub_options *options)
{
    if (options->key.data)
        explicit_bzero(options->key.data, options->key.capacity);
    rn_buf_free(&options->key);
    rn_scrub_policy_free(options->policy);
}
