/* SPDX-License-Identifier: MIT */
/* What texts become. */
#include "scrub_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PATH_KEPT_MAX 4096u /* of a longer path nothing is kept */

/* ---- the account ---- */

static void mask(const char *text, size_t size, char *out, size_t room)
{
    bool inside = false;
    size_t used = 0;

    for (size_t i = 0; i < size && used + 1 < room; i++) {
        bool word = isalnum((unsigned char)text[i]) || (unsigned char)text[i] >= 0x80;

        if (!word)
            out[used++] = isprint((unsigned char)text[i]) ? text[i] : '?';
        else
            out[used++] = inside || !isalnum((unsigned char)text[i]) ? '*' : text[i];
        inside = word;
    }
    out[used] = '\0';
}

void scrub_note_replaced(struct rn_scrub *scrub, enum rn_scrub_class class, const char *text,
                         size_t size)
{
    struct rn_scrub_account *account = &scrub->accounts[class];
    char masked[sizeof account->examples[0]];

    account->replaced++;
    if (account->examples[RN_SCRUB_EXAMPLES - 1][0] || size == 0)
        return;
    mask(text, size, masked, sizeof masked);
    for (unsigned i = 0; i < RN_SCRUB_EXAMPLES; i++) {
        if (strcmp(account->examples[i], masked) == 0)
            return;
        if (!account->examples[i][0]) {
            memcpy(account->examples[i], masked, sizeof masked);
            return;
        }
    }
}

static void keep(struct rn_scrub *scrub, enum rn_scrub_class class, const char *text, size_t size,
                 struct rn_buf *out)
{
    scrub->accounts[class].kept++;
    rn_buf_append(out, text, size);
}

/* ---- what is remembered ---- */

static const char *base_name(const char *path, size_t *size)
{
    const char *slash = memrchr(path, '/', *size);

    if (!slash)
        return path;
    *size -= (size_t)(slash + 1 - path);
    return slash + 1;
}

void scrub_note_program(struct rn_scrub *scrub, const char *path, size_t size)
{
    const char *name = base_name(path, &size);
    char *to;

    if (size == 0 || size > SCRUB_PROGRAM || memchr(name, '\0', size))
        return;
    for (size_t i = 0; i < scrub->program_count; i++)
        if (strlen(scrub->programs[i]) == size && !memcmp(scrub->programs[i], name, size))
            return;
    if (scrub->program_count == SCRUB_PROGRAMS)
        return;
    to = scrub->programs[scrub->program_count++];
    memcpy(to, name, size);
    to[size] = '\0';
}

void scrub_note_secret(struct rn_scrub *scrub, const char *word, size_t size)
{
    if (size == 0 || scrub->secret_count == SCRUB_SECRETS || scrub_is_token(word, size) ||
        memchr(word, '\0', size))
        return;
    for (size_t i = 0; i < scrub->secret_count; i++)
        if (strlen(scrub->secrets[i]) == size && !memcmp(scrub->secrets[i], word, size))
            return;
    scrub->secrets[scrub->secret_count] = strndup(word, size);
    scrub->secret_count += scrub->secrets[scrub->secret_count] != NULL;
}

/* ---- paths ---- */

/* Length of an ending that says what kind of file it is, which rn-diff wants to know, and nothing
 * else. */
static size_t ending_length(const char *name, size_t size)
{
    static const char *const endings[] = {
        ".awk", ".bash", ".bin",  ".c",   ".cc",   ".class", ".cjs",    ".conf", ".cpp",
        ".css", ".csv",  ".db",   ".gz",  ".h",    ".htm",   ".jar",    ".jl",   ".jpg",
        ".js",  ".json", ".lock", ".log", ".lua",  ".md",    ".mjs",    ".o",    ".php",
        ".pid", ".pl",   ".pm",   ".png", ".py",   ".pyc",   ".r",      ".R",    ".rb",
        ".rs",  ".sed",  ".sh",   ".so",  ".sock", ".sql",   ".sqlite", ".tar",  ".tcl",
        ".tmp", ".ts",   ".txt",  ".xml", ".xz",   ".yaml",  ".yml",    ".zip",  ".zst"};

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t length = strlen(endings[i]);

        if (length < size && memcmp(name + size - length, endings[i], length) == 0)
            return length;
    }
    return 0;
}

static bool says_nothing(const char *text, size_t size)
{
    return size == 0 || (size <= 2 && text[0] == '.' && text[size - 1] == '.') ||
           scrub_is_token(text, size - ending_length(text, size));
}

static void component_token(const struct rn_scrub *scrub, const char *name, size_t size,
                            struct rn_buf *out)
{
    scrub_token(scrub, RN_SCRUB_PATH, name, size, out);
    rn_buf_append(out, name + size - ending_length(name, size), ending_length(name, size));
}

/* Decides on [from, to) of the path, a component. */
static bool keeps_component(const struct rn_scrub *scrub, const char *path, size_t from, size_t to)
{
    char prefix[PATH_KEPT_MAX];

    if (says_nothing(path + from, to - from))
        return true;
    if (to >= sizeof prefix || memchr(path, '\0', to))
        return false;
    memcpy(prefix, path, to);
    prefix[to] = '\0';
    return rn_scrub_policy_keeps(scrub->policy, RN_SCRUB_PATH, prefix);
}

static bool is_home(const char *path, size_t from)
{
    return from == sizeof("/home/") - 1 && memcmp(path, "/home/", from) == 0;
}

/* The components of a path one after the other: [from, to) of `text`. */
struct walk {
    const char *text;
    size_t size, from, to;
    bool climbs; /* behind "..", where a path leads is not in its begin */
};

static bool next_component(struct walk *walk, bool first)
{
    const char *slash = NULL;

    if (!first)
        walk->from = walk->to + 1;
    if (walk->from > walk->size)
        return false;
    if (walk->from < walk->size)
        slash = memchr(walk->text + walk->from, '/', walk->size - walk->from);
    walk->to = slash ? (size_t)(slash - walk->text) : walk->size;
    walk->climbs |= walk->to - walk->from == 2 && memcmp(walk->text + walk->from, "..", 2) == 0;
    return true;
}

static bool component_stays(const struct rn_scrub *scrub, const struct walk *walk)
{
    return walk->climbs ? says_nothing(walk->text + walk->from, walk->to - walk->from)
                        : keeps_component(scrub, walk->text, walk->from, walk->to);
}

bool scrub_path_stays(const struct rn_scrub *scrub, const char *text, size_t size)
{
    struct walk walk = {.text = text, .size = size};

    for (bool more = next_component(&walk, true); more; more = next_component(&walk, false))
        if (!component_stays(scrub, &walk))
            return false;
    return true;
}

void scrub_path(struct rn_scrub *scrub, const char *text, size_t size, struct rn_buf *out)
{
    struct walk walk = {.text = text, .size = size};
    bool whole = true;

    for (bool more = next_component(&walk, true); more; more = next_component(&walk, false)) {
        const char *component = text + walk.from;
        size_t length = walk.to - walk.from;

        if (is_home(text, walk.from))
            scrub_note_secret(scrub, component, length);
        if (component_stays(scrub, &walk)) {
            rn_buf_append(out, component, length);
        } else {
            component_token(scrub, component, length, out);
            whole = false;
        }
        if (walk.to < size)
            rn_buf_byte(out, '/');
    }
    if (whole)
        scrub->accounts[RN_SCRUB_PATH].kept++;
    else
        scrub_note_replaced(scrub, RN_SCRUB_PATH, text, size);
}

void scrub_source(struct rn_scrub *scrub, const char *text, size_t size, struct rn_buf *out)
{
    size_t end = size;

    while (end > 0 && (isdigit((unsigned char)text[end - 1]) || text[end - 1] == ':'))
        end--;
    scrub_path(scrub, text, end, out);
    rn_buf_append(out, text + end, size - end);
}

/* ---- words ---- */

void scrub_word(struct rn_scrub *scrub, enum rn_scrub_class class, const char *text, size_t size,
                struct rn_buf *out)
{
    char *copy;

    if (says_nothing(text, size)) {
        keep(scrub, class, text, size, out);
        return;
    }
    copy = memchr(text, '\0', size) ? NULL : strndup(text, size);
    if (copy && rn_scrub_policy_keeps(scrub->policy, class, copy)) {
        keep(scrub, class, text, size, out);
    } else {
        scrub_token(scrub, class, text, size, out);
        scrub_note_replaced(scrub, class, text, size);
    }
    free(copy);
}

static bool is_option_name(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!islower((unsigned char)text[i]) && text[i] != '-')
            return false;
    return true;
}

/* "-x", "--long-option" and what stands before a '=' are the program's own words; the rest is its
 * user's. "-xVALUE" too: -pPASSWORD is common. */
static size_t option_length(const char *text, size_t size)
{
    const char *equals = memchr(text, '=', size);
    size_t name = equals ? (size_t)(equals - text) : size;

    if (size < 2 || text[0] != '-')
        return 0;
    if (text[1] == '-')
        return is_option_name(text + 2, name - 2) ? name + (equals != NULL) : 0;
    return isalnum((unsigned char)text[1]) ? 2 : 0;
}

void scrub_argument(struct rn_scrub *scrub, const char *text, size_t size, struct rn_buf *out)
{
    char *copy = memchr(text, '\0', size) ? NULL : strndup(text, size);
    bool kept = copy && rn_scrub_policy_keeps(scrub->policy, RN_SCRUB_ARGUMENT, copy);
    size_t option = kept ? size : option_length(text, size);

    free(copy);
    if (option > size)
        option = size;
    rn_buf_append(out, text, option);
    if (option == size) {
        scrub->accounts[RN_SCRUB_ARGUMENT].kept++;
    } else if (memchr(text + option, '/', size - option)) {
        scrub_path(scrub, text + option, size - option, out);
    } else if (says_nothing(text + option, size - option)) {
        keep(scrub, RN_SCRUB_ARGUMENT, text + option, size - option, out);
    } else {
        /* As a path: a file's name is the same word here and where it is opened. */
        component_token(scrub, text + option, size - option, out);
        scrub_note_replaced(scrub, RN_SCRUB_ARGUMENT, text + option, size - option);
    }
}

void scrub_variable(struct rn_scrub *scrub, const char *text, size_t size, struct rn_buf *out)
{
    const char *equals = memchr(text, '=', size), *value = equals ? equals + 1 : text + size;
    size_t length = (size_t)(text + size - value);
    char *name = strndup(text, equals ? (size_t)(equals - text) : size);

    if (!equals) { /* of this form a variable is not */
        free(name);
        scrub_word(scrub, RN_SCRUB_TEXT, text, size, out);
        return;
    }
    if (name && (strcmp(name, "USER") == 0 || strcmp(name, "LOGNAME") == 0))
        scrub_note_secret(scrub, value, length);
    rn_buf_append(out, text, (size_t)(value - text));
    if (name && (says_nothing(value, length) ||
                 rn_scrub_policy_keeps(scrub->policy, RN_SCRUB_ENVIRONMENT, name))) {
        keep(scrub, RN_SCRUB_ENVIRONMENT, value, length, out);
    } else {
        scrub_token(scrub, RN_SCRUB_ENVIRONMENT, value, length, out);
        scrub_note_replaced(scrub, RN_SCRUB_ENVIRONMENT, value, length);
    }
    free(name);
}

void scrub_list(struct rn_scrub *scrub, const char *text, size_t size, char separator,
                void (*each)(struct rn_scrub *scrub, const char *text, size_t size,
                             struct rn_buf *out),
                struct rn_buf *out)
{
    for (size_t from = 0; from < size;) {
        const char *end = memchr(text + from, separator, size - from);
        size_t to = end ? (size_t)(end - text) : size;

        each(scrub, text + from, to - from, out);
        if (end)
            rn_buf_byte(out, (uint8_t)separator);
        from = to + 1;
    }
}

/* ---- sentences ---- */

static size_t path_length(const char *text, size_t size)
{
    size_t length = 0;

    while (length < size && !isspace((unsigned char)text[length]) &&
           !strchr("\"',;()", text[length]))
        length++;
    while (length > 0 && (text[length - 1] == ':' || text[length - 1] == '.'))
        length--;
    return length;
}

static bool begins_path(const char *text, size_t at)
{
    return text[at] == '/' && (at == 0 || !isalnum((unsigned char)text[at - 1]));
}

/* A word of its own, that is. */
static const char *secret_at(const struct rn_scrub *scrub, const char *text, size_t at, size_t size)
{
    if (at > 0 && isalnum((unsigned char)text[at - 1]))
        return NULL;
    for (size_t i = 0; i < scrub->secret_count; i++) {
        size_t length = strlen(scrub->secrets[i]);

        if (length <= size - at && memcmp(text + at, scrub->secrets[i], length) == 0 &&
            (at + length == size || !isalnum((unsigned char)text[at + length])))
            return scrub->secrets[i];
    }
    return NULL;
}

void scrub_sentence(struct rn_scrub *scrub, const char *text, size_t size, struct rn_buf *out)
{
    for (size_t i = 0; i < size;) {
        const char *secret;
        size_t length = begins_path(text, i) ? path_length(text + i, size - i) : 0;

        if (length > 0) {
            scrub_path(scrub, text + i, length, out);
        } else if ((secret = secret_at(scrub, text, i, size))) {
            length = strlen(secret);
            scrub_token(scrub, RN_SCRUB_HOST, secret, length, out);
            scrub_note_replaced(scrub, RN_SCRUB_HOST, secret, length);
        } else {
            length = 1;
            rn_buf_byte(out, (uint8_t)text[i]);
        }
        i += length;
    }
}
