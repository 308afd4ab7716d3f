/* SPDX-License-Identifier: MIT */
#include "filter_item.h"
#include "formats/syscall_table.h"
#include "formats/xlat.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_MAX 256u
#define SHOWN_MAX   64 /* bytes of a bad term that a message repeats */

struct parser {
    const char *begin, *cursor, *end;
    struct rn_filter_set set;
    enum rn_filter_list list;
    bool list_negated; /* "!" in front of its first term */
    bool list_begins;
};

/* What is being added, or taken away. */
static void set_syscall(struct rn_filter_set *set, unsigned abi, unsigned nr, bool selected)
{
    uint64_t bit = 1ull << (nr % 64);

    if (nr >= RN_FILTER_MAX_NR)
        return;
    if (selected)
        set->syscalls[abi][nr / 64] |= bit;
    else
        set->syscalls[abi][nr / 64] &= ~bit;
}

static void set_signals(struct rn_filter_set *set, bool selected)
{
    memset(set->signals, selected ? 0xff : 0, sizeof set->signals);
}

static void set_kind(struct rn_filter_set *set, uint8_t kind, bool selected)
{
    if (kind == RN_KIND_SYSCALL) {
        memset(set->syscalls, selected ? 0xff : 0, sizeof set->syscalls);
        set->syscalls_beyond = selected;
        return;
    }
    if (kind == RN_KIND_SIGNAL) {
        set_signals(set, selected);
        return;
    }
    if (RN_FILTER_RULE_KINDS >> kind & 1)
        rn_filter_rules_void(set, 1u << kind);
    if (selected)
        set->kinds |= 1ull << kind;
    else
        set->kinds &= ~(1ull << kind);
}

static bool name_matches(const struct rn_syscall_info *info, const void *context)
{
    const struct rn_filter_item *term = context;

    return rn_filter_item_is(term, info->name);
}

static bool class_matches(const struct rn_syscall_info *info, const void *context)
{
    return info->classes & *(const uint16_t *)context;
}

static bool pattern_matches(const struct rn_syscall_info *info, const void *context)
{
    return regexec(context, info->name, 0, NULL, 0) == 0;
}

typedef bool match_fn(const struct rn_syscall_info *info, const void *context);

/* Adds or takes away the calls of every ABI that match; false, and no change, where none does. */
static bool apply_syscalls(struct rn_filter_set *set, match_fn *matches, const void *context,
                           bool negated)
{
    bool any = false;

    for (unsigned abi = 0; abi < RN_ABI_COUNT; abi++) {
        unsigned limit = rn_syscall_limit((enum rn_abi)abi);

        for (unsigned nr = 0; nr < limit; nr++) {
            const struct rn_syscall_info *info = rn_syscall_info(abi, nr);

            if (!info || !matches(info, context))
                continue;
            if (!any)
                rn_filter_set_begin(set, negated);
            any = true;
            set_syscall(set, abi, nr, !negated);
        }
    }
    return any;
}

static uint16_t class_of(const char *text, size_t length)
{
    if (length == 3 && memcmp(text, "net", 3) == 0) /* strace's short form */
        return RN_CLASS_NETWORK;
    return rn_syscall_class(text, length);
}

/* glibc expands counts, so that a short pattern can take gigabytes; back-references can take years.
 * No system call name needs either. */
static bool pattern_is_cheap(const char *pattern)
{
    for (const char *c = pattern; *c; c++) {
        if (*c == '{' || (*c == '\\' && c[1] >= '1' && c[1] <= '9'))
            return false;
    }
    return true;
}

static enum rn_status apply_pattern(struct rn_filter_set *set, const struct rn_filter_item *term,
                                    struct rn_error *err)
{
    char pattern[PATTERN_MAX + 1], reason[128];
    size_t length = term->length - 1;
    regex_t regex;
    int failure;
    bool any;

    if (length && term->text[length] == '/')
        length--;
    if (!length || length > PATTERN_MAX)
        return rn_fail(err, RN_E_USAGE, "the pattern at offset %zu is %s", term->offset,
                       length ? "longer than 256 bytes" : "empty");
    memcpy(pattern, term->text + 1, length);
    pattern[length] = '\0';
    if (!pattern_is_cheap(pattern))
        return rn_fail(err, RN_E_USAGE,
                       "the pattern at offset %zu has a repetition count or a back-reference",
                       term->offset);
    failure = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);
    if (failure) {
        regerror(failure, &regex, reason, sizeof reason);
        return rn_fail(err, RN_E_USAGE, "the pattern at offset %zu: %s", term->offset, reason);
    }
    any = apply_syscalls(set, pattern_matches, &regex, term->negated);
    regfree(&regex);
    if (any)
        return RN_OK;
    return rn_fail(err, RN_E_USAGE, "the pattern '%.*s' at offset %zu matches no system call",
                   SHOWN_MAX, pattern, term->offset);
}

static void limit_status(struct rn_filter_set *set, unsigned status, bool negated)
{
    if (!set->status_given)
        set->status = negated ? RN_STATUS_ALL : 0;
    set->status_given = true;
    if (negated)
        set->status &= ~status;
    else
        set->status |= status;
}

static enum rn_status apply_trace(struct rn_filter_set *set, struct rn_filter_item *term,
                                  struct rn_error *err)
{
    bool percent = term->text[0] == '%';
    uint16_t class = class_of(term->text + percent, term->length - percent);
    bool native = rn_syscall_number(RN_ABI_X86_64, term->text, term->length) >= 0;

    if (term->text[0] == '/')
        return apply_pattern(set, term, err);
    if (rn_filter_item_is(term, "failed")) {
        limit_status(set, RN_STATUS_FAILED, term->negated);
        return RN_OK;
    }
    if (class && (percent || !native)) {
        /* A class without calls is still a class. */
        rn_filter_set_begin(set, term->negated);
        (void)apply_syscalls(set, class_matches, &class, term->negated);
        return RN_OK;
    }
    if (!percent && apply_syscalls(set, name_matches, term, term->negated))
        return RN_OK;
    return rn_filter_item_unknown(term, "system call or class", err);
}

static enum rn_status apply_kind(struct rn_filter_set *set, const struct rn_filter_item *term,
                                 struct rn_error *err)
{
    uint8_t kind = rn_kind_from_name(term->text, term->length);

    if (!RN_KIND_IS_EVENT(kind))
        return rn_filter_item_unknown(term, "kind of event", err);
    rn_filter_set_begin(set, term->negated);
    set_kind(set, kind, !term->negated);
    return RN_OK;
}

static unsigned signal_number(const struct rn_filter_item *term)
{
    unsigned number = 0;

    for (size_t i = 0; i < term->length; i++) {
        if (term->text[i] < '0' || term->text[i] > '9' || number > 64) {
            int known = rn_signal_from_name(term->text, term->length);

            return known > 0 && known <= 64 ? (unsigned)known : 0;
        }
        number = number * 10 + (unsigned)(term->text[i] - '0');
    }
    return number <= 64 ? number : 0;
}

static enum rn_status apply_signal(struct rn_filter_set *set, const struct rn_filter_item *term,
                                   struct rn_error *err)
{
    unsigned signo = signal_number(term);

    if (!signo)
        return rn_filter_item_unknown(term, "signal", err);
    rn_filter_set_begin(set, term->negated);
    if (term->negated)
        set->signals[signo / 64] &= ~(1ull << (signo % 64));
    else
        set->signals[signo / 64] |= 1ull << (signo % 64);
    return RN_OK;
}

static enum rn_status apply_status(struct rn_filter_set *set, const struct rn_filter_item *term,
                                   struct rn_error *err)
{
    unsigned status = 0;

    if (rn_filter_item_is(term, "successful"))
        status = RN_STATUS_SUCCESSFUL;
    else if (rn_filter_item_is(term, "failed"))
        status = RN_STATUS_FAILED;
    else if (rn_filter_item_is(term, "unfinished"))
        status = RN_STATUS_UNFINISHED;
    if (!status)
        return rn_filter_item_unknown(term, "status", err);
    limit_status(set, status, term->negated);
    return RN_OK;
}

static void select_kinds(struct rn_filter_set *set, uint32_t kinds, bool selected)
{
    for (uint8_t kind = 0; kind < RN_KIND_STREAM; kind++) {
        if (kinds >> kind & 1)
            set_kind(set, kind, selected);
    }
}

/* "none" is "!all": so that "signal=none" takes signals away from everything, as in strace. */
static bool apply_word(struct rn_filter_set *set, const struct rn_filter_item *term)
{
    bool none = rn_filter_item_is(term, "none"), selected = none == term->negated;

    if ((!none && !rn_filter_item_is(term, "all")) || term->list == LIST_STATUS)
        return false;
    rn_filter_set_begin(set, !selected);
    if (term->list == LIST_SIGNAL)
        set_signals(set, selected);
    else if (rn_filter_item_kinds(term->list))
        select_kinds(set, rn_filter_item_kinds(term->list), selected);
    else
        rn_filter_set_fill(set, selected);
    return true;
}

static enum rn_status apply(struct rn_filter_set *set, struct rn_filter_item *term,
                            struct rn_error *err)
{
    if (!term->length)
        return rn_fail(err, RN_E_USAGE, "a term is missing at offset %zu", term->offset);
    if (apply_word(set, term))
        return RN_OK;
    switch (term->list) {
    case LIST_KIND:
        return apply_kind(set, term, err);
    case LIST_SIGNAL:
        return apply_signal(set, term, err);
    case LIST_STATUS:
        return apply_status(set, term, err);
    case LIST_TRACE:
        break;
    default:
        return rn_filter_item_apply(set, term, err);
    }
    return apply_trace(set, term, err);
}

/* A pattern may contain commas: it ends at the next slash, if that ends a term; else, as in strace,
 * which has no closing slash, at the comma. */
static size_t term_length(const char *text, const char *end)
{
    const char *comma = memchr(text, ',', (size_t)(end - text));
    const char *slash = NULL;

    if (text < end && *text == '/')
        slash = memchr(text + 1, '/', (size_t)(end - text - 1));
    if (slash && (slash + 1 == end || slash[1] == ','))
        return (size_t)(slash + 1 - text);
    return (size_t)((comma ? comma : end) - text);
}

static enum rn_status take_qualifier(struct parser *parser, struct rn_error *err)
{
    static const char *const names[LISTS] = {
        [LIST_TRACE] = "trace",         [LIST_KIND] = "kind",     [LIST_SIGNAL] = "signal",
        [LIST_STATUS] = "status",       [LIST_KERNEL] = "kernel", [LIST_CALL] = "call",
        [LIST_DIRECTION] = "direction", [LIST_API] = "api"};
    bool negated = parser->cursor < parser->end && *parser->cursor == '!';
    const char *begin = parser->cursor + negated;
    const char *equals = memchr(begin, '=', term_length(begin, parser->end));
    size_t name;

    if (!equals || *begin == '/')
        return RN_OK;
    name = (size_t)(equals - begin);
    for (unsigned list = 0; list < sizeof names / sizeof names[0]; list++) {
        if (strlen(names[list]) == name && memcmp(names[list], begin, name) == 0) {
            parser->list = (enum rn_filter_list)list;
            parser->list_begins = !negated;
            parser->list_negated = negated;
            parser->cursor = equals + 1;
            return RN_OK;
        }
    }
    return rn_fail(err, RN_E_USAGE,
                   "'%.*s=' at offset %zu is no qualifier; there are trace=, kind=, signal=, "
                   "status=, kernel=, call=, direction= and api=",
                   name > SHOWN_MAX ? SHOWN_MAX : (int)name, begin,
                   (size_t)(begin - parser->begin));
}

static struct rn_filter_item take_term(struct parser *parser)
{
    struct rn_filter_item term = {.list = parser->list};
    bool negated = parser->cursor < parser->end && *parser->cursor == '!';

    parser->cursor += negated;
    if (parser->list_begins)
        parser->list_negated = negated;
    parser->list_begins = false;
    term.negated = negated || parser->list_negated;
    term.text = parser->cursor;
    term.length = term_length(parser->cursor, parser->end);
    term.offset = (size_t)(parser->cursor - parser->begin);
    parser->cursor += term.length;
    return term;
}

enum rn_status rn_filter_add(struct rn_filter *filter, const char *expression, struct rn_error *err)
{
    struct parser parser = {
        .begin = expression,
        .cursor = expression,
        .end = expression + strlen(expression),
        .set = filter->set,
        .list = LIST_TRACE,
        .list_begins = true,
    };

    for (;;) {
        struct rn_filter_item term;
        enum rn_status status = take_qualifier(&parser, err);

        if (status != RN_OK)
            return status;
        term = take_term(&parser);
        status = apply(&parser.set, &term, err);
        if (status != RN_OK)
            return status;
        if (parser.cursor == parser.end)
            break;
        parser.cursor++; /* the comma */
    }
    filter->set = parser.set;
    return RN_OK;
}

enum rn_status rn_filter_add_kind(struct rn_filter *filter, const char *kind, struct rn_error *err)
{
    struct rn_filter_item item = {
        .list = LIST_KIND, .offset = RN_FILTER_ALONE, .negated = *kind == '!'};
    struct rn_filter_set set = filter->set;
    enum rn_status status;

    item.text = kind + item.negated;
    item.length = strlen(item.text);
    if (item.length == 0 || strchr(item.text, ','))
        return rn_fail(err, RN_E_USAGE, "'%.60s' is not one event kind", kind);
    status = apply(&set, &item, err);
    if (status == RN_OK)
        filter->set = set;
    return status;
}
