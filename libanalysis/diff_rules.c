/* SPDX-License-Identifier: MIT */
#include "diff_rules_private.h"

#include <ctype.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REPETITIONS_MAX 512u
#define RULES_MAX       4096u
#define LINE_MAX_BYTES  4096u

struct rn_diff_rules *rn_diff_rules_new(void)
{
    return calloc(1, sizeof(struct rn_diff_rules));
}

static void rule_clear(struct rule *rule)
{
    free(rule->pattern);
    if (rule->has_regex)
        regfree(&rule->regex);
}

void rn_diff_rules_free(struct rn_diff_rules *rules)
{
    if (!rules)
        return;
    for (size_t i = 0; i < rules->count; i++)
        rule_clear(&rules->rules[i]);
    free(rules->rules);
    for (size_t i = 0; i < rules->learned_count; i++) {
        free(rules->learned[i].name);
        free(rules->learned[i].vary);
    }
    free(rules->learned);
    free(rules);
}

static const struct {
    const char *name;
    uint32_t kinds;
} kinds[] = {
    {"file", 1u << RN_EFFECT_FILE | 1u << RN_EFFECT_DIRECTORY | 1u << RN_EFFECT_SYMLINK |
                 1u << RN_EFFECT_SPECIAL | 1u << RN_EFFECT_REMOVED},
    {"stream", 1u << RN_EFFECT_STREAM},
    {"connection", 1u << RN_EFFECT_CONNECTION},
    {"datagrams", 1u << RN_EFFECT_DATAGRAMS},
    {"call", 1u << RN_EFFECT_CALL},
    {"input", 1u << RN_EFFECT_INPUT},
    {"any", ~0u},
};

/* The next word of a line, in place. NULL: no more. */
static char *next_word(char **at)
{
    char *word = *at + strspn(*at, " \t");

    if (!*word)
        return NULL;
    *at = word + strcspn(word, " \t");
    if (**at)
        *(*at)++ = '\0';
    return word;
}

static enum rn_status parse_ignore(struct rule *rule, char **at, struct rn_error *err)
{
    const char *kind = next_word(at);

    for (size_t i = 0; kind && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, kind) == 0)
            rule->kinds = kinds[i].kinds;
    }
    if (!rule->kinds)
        return rn_fail(err, RN_E_USAGE,
                       "'ignore' takes file, stream, connection, datagrams, call, input or any, "
                       "then a pattern");
    return RN_OK;
}

static enum rn_status parse_share(struct rule *rule, char **at, struct rn_error *err)
{
    const char *word = next_word(at);
    char *end = NULL;

    rule->share = word ? strtod(word, &end) : -1;
    if (!word || *end || !(rule->share >= 0 && rule->share <= 1))
        return rn_fail(err, RN_E_USAGE, "'numeric' takes a pattern and a share from 0 to 1");
    return RN_OK;
}

/* regcomp(3) copies what is repeated, and copies of copies multiply: how many that can become. The
 * memory that it takes grows with the square: 84 MB for (a*){1000}, 23 MB for half of that. */
static uint64_t repetitions(const char *text)
{
    uint64_t product = 1;

    for (; *text && product <= REPETITIONS_MAX; text++) {
        uint64_t bound = 1;

        if (*text == '\\' && text[1]) {
            text++;
        } else if (*text == '+') {
            product *= 2;
        } else if (*text == '{') {
            for (; text[1] && text[1] != '}'; text++) {
                uint64_t value = strtoull(text + 1, NULL, 10);

                bound = value > bound ? value : bound;
            }
            product *= bound > REPETITIONS_MAX ? REPETITIONS_MAX + 1 : bound + 1;
        }
    }
    return product;
}

static enum rn_status parse_regex(struct rule *rule, char **at, struct rn_error *err)
{
    const char *text = *at + strspn(*at, " \t");
    char why[128];
    int failure;

    if (!*text)
        return rn_fail(err, RN_E_USAGE, "'mask' takes a pattern and a regular expression");
    if (repetitions(text) > REPETITIONS_MAX)
        return rn_fail(err, RN_E_LIMIT, "regular expression '%.100s' repeats too much", text);
    failure = regcomp(&rule->regex, text, REG_EXTENDED | REG_NEWLINE);
    if (failure) {
        regerror(failure, &rule->regex, why, sizeof why);
        return rn_fail(err, RN_E_USAGE, "regular expression '%s': %s", text, why);
    }
    rule->has_regex = true;
    *at += strlen(*at);
    return RN_OK;
}

static enum rn_status parse_rule(struct rule *rule, char *line, struct rn_error *err)
{
    char *at = line, *word = next_word(&at), *pattern;
    enum rn_status status = RN_OK;

    if (strcmp(word, "keep") == 0) {
        rule->action = ACTION_KEEP;
        pattern = next_word(&at);
        rule->built_in = pattern ? rn_rule_find(pattern, strlen(pattern)) : RN_RULE_NONE;
        if (rule->built_in == RN_RULE_NONE)
            return rn_fail(err, RN_E_USAGE, "'keep' takes the name of a built-in rule, not '%s'",
                           pattern ? pattern : "");
        return RN_OK;
    }
    if (strcmp(word, "ignore") == 0) {
        rule->action = ACTION_IGNORE;
        status = parse_ignore(rule, &at, err);
    } else if (strcmp(word, "numeric") == 0) {
        rule->action = ACTION_NUMERIC;
    } else if (strcmp(word, "mask") == 0) {
        rule->action = ACTION_MASK;
    } else {
        return rn_fail(err, RN_E_USAGE, "there is no rule '%s': ignore, keep, numeric, mask", word);
    }
    pattern = status == RN_OK ? next_word(&at) : NULL;
    if (status != RN_OK)
        return status;
    if (!pattern)
        return rn_fail(err, RN_E_USAGE, "'%s' takes a pattern", word);
    rule->pattern = strdup(pattern);
    if (!rule->pattern)
        return rn_fail(err, RN_E_NOMEM, "no memory for the rules");
    if (rule->action == ACTION_NUMERIC)
        status = parse_share(rule, &at, err);
    else if (rule->action == ACTION_MASK)
        status = parse_regex(rule, &at, err);
    if (status == RN_OK && next_word(&at))
        return rn_fail(err, RN_E_USAGE, "more words than the rule '%s' takes", word);
    return status;
}

enum rn_status rn_diff_rules_add(struct rn_diff_rules *rules, const char *line,
                                 struct rn_error *err)
{
    char copy[LINE_MAX_BYTES];
    struct rule *list, rule = {.action = ACTION_IGNORE};
    size_t length = strlen(line);
    enum rn_status status;

    while (length && isspace((unsigned char)line[length - 1]))
        length--;
    line += strspn(line, " \t");
    if (length >= sizeof copy || rules->count >= RULES_MAX)
        return rn_fail(err, RN_E_LIMIT, "a rule of more than %u bytes, or more than %u rules",
                       LINE_MAX_BYTES, RULES_MAX);
    if (!*line || *line == '#' || *line == '\n' || *line == '\r')
        return RN_OK;
    length = strcspn(line, "\r\n");
    memcpy(copy, line, length);
    copy[length] = '\0';
    status = parse_rule(&rule, copy, err);
    list = status == RN_OK ? realloc(rules->rules, (rules->count + 1) * sizeof *list) : NULL;
    if (!list) {
        rule_clear(&rule);
        return status == RN_OK ? rn_fail(err, RN_E_NOMEM, "no memory for the rules") : status;
    }
    rules->rules = list;
    list[rules->count++] = rule;
    return RN_OK;
}

enum rn_status rn_diff_rules_parse(struct rn_diff_rules *rules, const char *text, size_t size,
                                   struct rn_error *err)
{
    char line[LINE_MAX_BYTES];
    unsigned number = 0;

    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;
        struct rn_error own = RN_ERROR_INIT;

        number++;
        if (length >= sizeof line)
            return rn_fail(err, RN_E_LIMIT, "line %u: longer than %u bytes", number,
                           LINE_MAX_BYTES);
        memcpy(line, text, length);
        line[length] = '\0';
        if (rn_diff_rules_add(rules, line, &own) != RN_OK)
            return rn_fail(err, own.status, "line %u: %.400s", number, own.what);
        text += length + (end != NULL);
        size -= length + (end != NULL);
    }
    return RN_OK;
}

bool rn_diff_rules_keep(const struct rn_diff_rules *rules, enum rn_rule rule)
{
    for (size_t i = 0; rules && i < rules->count; i++) {
        if (rules->rules[i].action == ACTION_KEEP && rules->rules[i].built_in == rule)
            return true;
    }
    return false;
}

bool rn_diff_rules_ignore(const struct rn_diff_rules *rules, enum rn_effect_kind kind,
                          const char *name)
{
    for (size_t i = 0; rules && i < rules->count; i++) {
        const struct rule *rule = &rules->rules[i];

        if (rule->action == ACTION_IGNORE && rule->kinds >> kind & 1 &&
            fnmatch(rule->pattern, name, 0) == 0)
            return true;
    }
    return false;
}

/* ---- texts ---- */

/* Both texts up to where they part; what may differ is stepped over in both. */
struct cursor {
    const char *at, *end;
};

/* NUL, of which strchr finds one in every string, stands for what a rule has erased. */
static bool is_of_number(char c)
{
    return c != '\0' && strchr("0123456789.eE+-", c);
}

static struct cursor cursor_of(const struct rn_buf *text)
{
    const char *begin = text->size ? (const char *)text->data : "";

    return (struct cursor){begin, begin + text->size};
}

static bool number_at(const struct cursor *cursor, const char *begin, double *value, size_t *length)
{
    char digits[64];
    size_t size = 0;
    char *end;

    while (cursor->at + size < cursor->end && size < sizeof digits - 1 &&
           is_of_number(cursor->at[size]))
        size++;
    if (size == 0 || (cursor->at > begin && isalnum((unsigned char)cursor->at[-1])))
        return false;
    memcpy(digits, cursor->at, size);
    digits[size] = '\0';
    *value = strtod(digits, &end);
    *length = (size_t)(end - digits);
    return *length > 0;
}

static bool numbers_agree(double a, double b, double share)
{
    return a == b || fabs(a - b) <= share * fmax(fabs(a), fabs(b));
}

/* Back to where the number begins in the middle of which the texts part. */
static void to_number_begin(struct cursor *a, struct cursor *b, const char *begin)
{
    while (a->at > begin && is_of_number(a->at[-1])) {
        a->at--;
        b->at--;
    }
}

static bool numeric_equal(const struct rn_buf *left, const struct rn_buf *right, double share)
{
    struct cursor a = cursor_of(left), b = cursor_of(right);
    const char *begin_a = a.at, *begin_b = b.at;

    while (a.at < a.end && b.at < b.end) {
        double value_a, value_b;
        size_t length_a, length_b;

        if (*a.at == *b.at) {
            a.at++;
            b.at++;
            continue;
        }
        to_number_begin(&a, &b, begin_a);
        if (!number_at(&a, begin_a, &value_a, &length_a) ||
            !number_at(&b, begin_b, &value_b, &length_b) || !numbers_agree(value_a, value_b, share))
            return false;
        begin_a = a.at += length_a;
        begin_b = b.at += length_b;
    }
    return a.at == a.end && b.at == b.end;
}

/* A copy in which every match is one NUL byte. */
static bool masked(const struct rule *rule, struct rn_buf *text, struct rn_buf *out)
{
    size_t at = 0;

    /* A regular expression is matched against a string. */
    rn_buf_byte(text, 0);
    if (text->failed)
        return false;
    text->size--;

    while (at < text->size) {
        regmatch_t match = {.rm_so = (regoff_t)at, .rm_eo = (regoff_t)text->size};

        if (regexec(&rule->regex, (const char *)text->data, 1, &match,
                    REG_STARTEND | (at && text->data[at - 1] != '\n' ? REG_NOTBOL : 0)) != 0 ||
            match.rm_eo <= match.rm_so)
            break;
        rn_buf_append(out, text->data + at, (size_t)match.rm_so - at);
        rn_buf_byte(out, 0);
        at = (size_t)match.rm_eo;
    }
    rn_buf_append(out, text->data + at, text->size - at);
    return !out->failed;
}

static bool mask_both(const struct rule *rule, struct rn_buf *a, struct rn_buf *b)
{
    struct rn_buf left = RN_BUF_INIT, right = RN_BUF_INIT;
    bool done = masked(rule, a, &left) && masked(rule, b, &right);

    if (done) {
        struct rn_buf swap = *a;

        *a = left;
        left = swap;
        swap = *b;
        *b = right;
        right = swap;
    }
    rn_buf_free(&left);
    rn_buf_free(&right);
    return done;
}

bool rn_diff_rules_equal(const struct rn_diff_rules *rules, const char *name,
                         const struct rn_buf *a, const struct rn_buf *b, bool *applies)
{
    struct rn_buf left = RN_BUF_INIT, right = RN_BUF_INIT;
    double share = -1;
    bool equal;

    *applies = false;
    if (rn_diff_learned_equal(rules, name, a, b, applies))
        return true;
    rn_buf_append(&left, a->data, a->size);
    rn_buf_append(&right, b->data, b->size);
    for (size_t i = 0; rules && i < rules->count; i++) {
        const struct rule *rule = &rules->rules[i];

        if ((rule->action != ACTION_MASK && rule->action != ACTION_NUMERIC) ||
            fnmatch(rule->pattern, name, 0) != 0)
            continue;
        *applies = true;
        if (rule->action == ACTION_NUMERIC)
            share = rule->share > share ? rule->share : share;
        else if (!mask_both(rule, &left, &right))
            break;
    }
    equal = left.size == right.size &&
            (left.size == 0 || memcmp(left.data, right.data, left.size) == 0);
    if (!equal && share >= 0 && !left.failed && !right.failed)
        equal = numeric_equal(&left, &right, share);
    rn_buf_free(&left);
    rn_buf_free(&right);
    return *applies && equal;
}
