/* SPDX-License-Identifier: MIT */
#include "scrub.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#define RULES_MAX 10000u

struct rule {
    bool keep;
    enum rn_scrub_class class;
    char *pattern;
};

struct rn_scrub_policy {
    struct rule *rules;
    size_t count, capacity;
};

static const char *const class_names[RN_SCRUB_CLASSES] = {
    [RN_SCRUB_PATH] = "path",     [RN_SCRUB_ARGUMENT] = "argument",
    [RN_SCRUB_HOST] = "host",     [RN_SCRUB_ENVIRONMENT] = "environment",
    [RN_SCRUB_NAME] = "name",     [RN_SCRUB_ADDRESS] = "address",
    [RN_SCRUB_SYMBOL] = "symbol", [RN_SCRUB_TEXT] = "text",
    [RN_SCRUB_STRUCT] = "struct", [RN_SCRUB_CONTENT] = "content",
    [RN_SCRUB_STACK] = "stack",   [RN_SCRUB_MACHINE] = "machine",
};

/* Whatever is not named here gives way. What lies in the system's own directories is what the
 * distribution put there; /etc is not: names of files there can tell whose machine it is. A
 * component of a path stays where the path up to it is kept. */
const char rn_scrub_default_policy[] = "keep path /usr\n"
                                       "keep path /usr/*\n"
                                       "replace path /usr/local/*\n"
                                       "keep path /bin\n"
                                       "keep path /bin/*\n"
                                       "keep path /sbin\n"
                                       "keep path /sbin/*\n"
                                       "keep path /lib\n"
                                       "keep path /lib/*\n"
                                       "keep path /lib32\n"
                                       "keep path /lib32/*\n"
                                       "keep path /lib64\n"
                                       "keep path /lib64/*\n"
                                       "keep path /libx32\n"
                                       "keep path /libx32/*\n"
                                       "keep path /proc\n"
                                       "keep path /proc/*\n"
                                       "replace path /proc/*/root/*\n"
                                       "replace path /proc/*/cwd/*\n"
                                       "keep path /sys\n"
                                       "keep path /sys/*\n"
                                       "keep path /dev\n"
                                       "keep path /dev/*\n"
                                       "replace path /dev/shm/*\n"
                                       "replace path /dev/*/by-*\n"
                                       "replace path /dev/mapper/*\n"
                                       "replace path /dev/disk/*\n"
                                       "keep path /etc\n"
                                       "keep path /etc/ld.so.*\n"
                                       "keep path /etc/localtime\n"
                                       "keep path /etc/nsswitch.conf\n"
                                       "keep path /etc/passwd\n"
                                       "keep path /etc/group\n"
                                       "keep path /etc/hosts\n"
                                       "keep path /etc/host.conf\n"
                                       "keep path /etc/resolv.conf\n"
                                       "keep path /etc/ssl/openssl.cnf\n"
                                       "keep path /boot\n"
                                       "keep path /home\n"
                                       "keep path /media\n"
                                       "keep path /mnt\n"
                                       "keep path /opt\n"
                                       "keep path /root\n"
                                       "keep path /run\n"
                                       "keep path /srv\n"
                                       "keep path /tmp\n"
                                       "keep path /var\n"
                                       "keep path /var/cache\n"
                                       "keep path /var/lib\n"
                                       "keep path /var/log\n"
                                       "keep path /var/tmp\n"
                                       "keep path pipe:*\n"
                                       "keep path socket:*\n"
                                       "keep path anon_inode:*\n"
                                       "keep path /memfd:renacer-code?(deleted)\n"
                                       "keep path /memfd:renacer-text?(deleted)\n"
                                       "keep address 127.*\n"
                                       "keep address 0.0.0.0:*\n"
                                       "keep address [[]::1]:*\n"
                                       "keep address [[]::]:*\n"
                                       "keep symbol *\n"
                                       "keep machine env/uname\n"
                                       "keep machine env/cpu\n";

const char *rn_scrub_class_name(enum rn_scrub_class class)
{
    return (unsigned)class < RN_SCRUB_CLASSES ? class_names[class] : "?";
}

static const char *next_word(const char **at, const char *end, size_t *size)
{
    const char *word;

    while (*at < end && (**at == ' ' || **at == '\t'))
        ++*at;
    word = *at;
    while (*at < end && **at != ' ' && **at != '\t')
        ++*at;
    *size = (size_t)(*at - word);
    return word;
}

static bool is(const char *word, size_t size, const char *text)
{
    return size == strlen(text) && memcmp(word, text, size) == 0;
}

static int class_of(const char *word, size_t size)
{
    for (int i = 0; i < RN_SCRUB_CLASSES; i++)
        if (is(word, size, class_names[i]))
            return i;
    return -1;
}

static enum rn_status add_rule(struct rn_scrub_policy *policy, bool keep, int class,
                               const char *pattern, size_t size, struct rn_error *err)
{
    struct rule *rules = policy->rules;

    if (policy->count == RULES_MAX)
        return rn_fail(err, RN_E_FORMAT, "more than %u rules", RULES_MAX);
    if (policy->count == policy->capacity) {
        policy->capacity = policy->capacity ? 2 * policy->capacity : 64;
        rules = realloc(policy->rules, policy->capacity * sizeof *rules);
        if (!rules)
            return rn_fail(err, RN_E_NOMEM, "out of memory");
        policy->rules = rules;
    }
    rules[policy->count] = (struct rule){
        .keep = keep, .class = (enum rn_scrub_class) class, .pattern = strndup(pattern, size)};
    if (!rules[policy->count].pattern)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    policy->count++;
    return RN_OK;
}

/* "keep path /usr/[*]", "replace argument"; '#' begins a comment. */
static enum rn_status parse_line(struct rn_scrub_policy *policy, unsigned line, const char *at,
                                 const char *end, struct rn_error *err)
{
    size_t action_size, class_size, size;
    const char *action = next_word(&at, end, &action_size), *word, *pattern;
    bool keep = is(action, action_size, "keep");
    int class;

    if (action_size == 0 || *action == '#')
        return RN_OK;
    if (!keep && !is(action, action_size, "replace"))
        return rn_fail(err, RN_E_FORMAT, "line %u: a rule begins with 'keep' or 'replace'", line);
    word = next_word(&at, end, &class_size);
    class = class_of(word, class_size);
    if (class < 0)
        return rn_fail(err, RN_E_FORMAT,
                       "line %u: not a class; these are: path argument environment address host "
                       "name symbol text struct content stack machine",
                       line);
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    while (end > at && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    pattern = at < end ? at : "*";
    size = at < end ? (size_t)(end - at) : 1;
    if (memchr(pattern, '\0', size))
        return rn_fail(err, RN_E_FORMAT, "line %u: a NUL byte in a pattern", line);
    return add_rule(policy, keep, class, pattern, size, err);
}

static enum rn_status parse(struct rn_scrub_policy *policy, const char *text, size_t size,
                            struct rn_error *err)
{
    const char *end = text + size;
    enum rn_status status = RN_OK;

    for (unsigned line = 1; text < end && status == RN_OK; line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));

        if (!stop)
            stop = end;
        status = parse_line(policy, line, text, stop, err);
        text = stop + 1;
    }
    return status;
}

enum rn_status rn_scrub_policy_new(const char *text, size_t size, struct rn_scrub_policy **out,
                                   struct rn_error *err)
{
    struct rn_scrub_policy *policy = calloc(1, sizeof *policy);
    enum rn_status status;

    *out = NULL;
    if (!policy)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    status = parse(policy, rn_scrub_default_policy, strlen(rn_scrub_default_policy), err);
    if (status == RN_OK && size > RN_SCRUB_POLICY_MAX)
        status = rn_fail(err, RN_E_FORMAT, "larger than %u bytes", RN_SCRUB_POLICY_MAX);
    if (status == RN_OK && size)
        status = parse(policy, text, size, err);
    if (status != RN_OK) {
        rn_scrub_policy_free(policy);
        return status;
    }
    *out = policy;
    return RN_OK;
}

void rn_scrub_policy_free(struct rn_scrub_policy *policy)
{
    if (!policy)
        return;
    for (size_t i = 0; i < policy->count; i++)
        free(policy->rules[i].pattern);
    free(policy->rules);
    free(policy);
}

bool rn_scrub_policy_keeps(const struct rn_scrub_policy *policy, enum rn_scrub_class class,
                           const char *text)
{
    for (size_t i = policy->count; i-- > 0;)
        if (policy->rules[i].class == class && fnmatch(policy->rules[i].pattern, text, 0) == 0)
            return policy->rules[i].keep;
    return false;
}
