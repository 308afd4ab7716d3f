/* SPDX-License-Identifier: MIT */
#include "perf_sample.h"

#include "formats/escape.h"

#include <string.h>

#define NAME_MAX_BYTES 15u /* of a thread, as the kernel keeps it */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool rn_perf_text_is(const struct rn_perf_text *text, const char *word)
{
    size_t length = strlen(word);

    return text->size == length && memcmp(text->data, word, length) == 0;
}

bool rn_perf_text_begins(const struct rn_perf_text *text, const char *word)
{
    size_t length = strlen(word);

    return text->size >= length && memcmp(text->data, word, length) == 0;
}

static bool parse_decimal(const char *data, size_t size, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < size; i++) {
        uint64_t digit = (uint64_t)(data[i] - '0');

        if (digit > 9 || *value > (UINT64_MAX - digit) / 10)
            return false;
        *value = *value * 10 + digit;
    }
    return size > 0;
}

static bool parse_hex(const char *data, size_t size, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < size; i++) {
        int digit = rn_hex_digit(data[i]);

        if (digit < 0)
            return false;
        *value = *value << 4 | (uint64_t)digit;
    }
    return size > 0 && size <= 16;
}

bool rn_perf_number(const struct rn_perf_text *text, uint64_t *value)
{
    const char *data = text->data;
    size_t size = text->size;

    if (size > 2 && data[0] == '0' && data[1] == 'x')
        return parse_hex(data + 2, size - 2, value);
    if (size > 1 && data[0] == '-') {
        if (!parse_decimal(data + 1, size - 1, value) || *value > (uint64_t)INT64_MAX + 1)
            return false;
        *value = 0 - *value;
        return true;
    }
    return parse_decimal(data, size, value);
}

/* "26452.391137" or with nine digits, ending at `end`. *begin: where it does. */
static bool time_ends(const char *line, size_t end, size_t *begin, uint64_t *ns, bool *coarse)
{
    size_t at = end, fraction;
    uint64_t seconds, part;

    while (at > 0 && is_digit(line[at - 1]))
        at--;
    fraction = end - at;
    if ((fraction != 6 && fraction != 9) || at < 2 || line[at - 1] != '.')
        return false;
    *begin = at - 1;
    while (*begin > 0 && is_digit(line[*begin - 1]))
        --*begin;
    if ((*begin > 0 && line[*begin - 1] != ' ') ||
        !parse_decimal(line + *begin, at - 1 - *begin, &seconds) ||
        !parse_decimal(line + at, fraction, &part) || seconds > UINT64_MAX / 2000000000)
        return false;
    *coarse = fraction == 6;
    *ns = seconds * 1000000000 + (fraction == 6 ? part * 1000 : part);
    return true;
}

static struct rn_perf_text trimmed(const char *data, size_t size)
{
    while (size > 0 && *data == ' ') {
        data++;
        size--;
    }
    while (size > 0 && (data[size - 1] == ' ' || data[size - 1] == '\r'))
        size--;
    return (struct rn_perf_text){data, size};
}

/* "10550", "10550/10551" or "-1". */
static bool parse_thread(const char *data, size_t size, struct rn_perf_sample *sample)
{
    const char *slash = memchr(data, '/', size);
    struct rn_perf_text tid = {data, size};
    uint64_t number;

    sample->pid = 0;
    if (slash) {
        struct rn_perf_text pid = {data, (size_t)(slash - data)};

        tid = (struct rn_perf_text){slash + 1, size - pid.size - 1};
        if (!rn_perf_number(&pid, &sample->pid))
            return false;
        if (sample->pid > INT32_MAX)
            sample->pid = 0;
    }
    if (!rn_perf_number(&tid, &number))
        return false;
    sample->tid = (int64_t)number;
    return sample->tid <= INT32_MAX && sample->tid >= INT32_MIN;
}

static bool parse_cpu(const char *data, size_t size, int64_t *cpu)
{
    uint64_t number;

    if (size < 3 || data[0] != '[' || data[size - 1] != ']' ||
        !parse_decimal(data + 1, size - 2, &number) || number > INT32_MAX)
        return false;
    *cpu = (int64_t)number;
    return true;
}

/* What stands before the time, from the right: a date, letters that say where the CPU was, the CPU,
 * the thread, and its name.*/
static bool parse_head(const char *line, size_t end, struct rn_perf_sample *sample)
{
    unsigned tokens = 0;

    for (sample->cpu = -1;; tokens++) {
        size_t begin;

        while (end > 0 && line[end - 1] == ' ')
            end--;
        for (begin = end; begin > 0 && line[begin - 1] != ' ';)
            begin--;
        if (begin == end)
            return false;
        if (parse_thread(line + begin, end - begin, sample)) {
            sample->comm = trimmed(line, begin);
            return true;
        }
        if (sample->cpu >= 0 || tokens == 4)
            return false;
        (void)parse_cpu(line + begin, end - begin, &sample->cpu);
        end = begin;
    }
}

static bool find_head(const char *line, size_t size, struct rn_perf_sample *sample, size_t *behind)
{
    const char *colon = line;
    bool found = false;

    while ((colon = memchr(colon, ':', size - (size_t)(colon - line)))) {
        struct rn_perf_sample tried;
        size_t end = (size_t)(colon++ - line), begin;

        if ((end + 1 < size && line[end + 1] != ' ') || end < 8 || !is_digit(line[end - 1]) ||
            !time_ends(line, end, &begin, &tried.ns, &tried.coarse) ||
            !parse_head(line, begin, &tried))
            continue;
        if (found && tried.comm.size > NAME_MAX_BYTES)
            break;
        found = true;
        sample->ns = tried.ns;
        sample->coarse = tried.coarse;
        sample->pid = tried.pid;
        sample->tid = tried.tid;
        sample->cpu = tried.cpu;
        sample->comm = tried.comm;
        *behind = end + 1;
        /* Of another one, all of this would be the name. */
        if (end > 3 * NAME_MAX_BYTES)
            break;
    }
    return found;
}

/* Records of perf's own: "PERF_RECORD_FORK(3:3):(2:2)", "PERF_RECORD_COMM exec: ls:7/7". */
static void split_record(struct rn_perf_sample *sample, struct rn_perf_text rest)
{
    size_t length = 0;

    while (length < rest.size && rest.data[length] != ' ' && rest.data[length] != '(' &&
           rest.data[length] != ':')
        length++;
    sample->event = (struct rn_perf_text){rest.data, length};
    sample->text = trimmed(rest.data + length, rest.size - length);
}

static const char *split_event(struct rn_perf_sample *sample, struct rn_perf_text rest)
{
    size_t digits = 0;
    const char *colon;

    while (digits < rest.size && is_digit(rest.data[digits]))
        digits++;
    sample->period = 0;
    if (digits > 0 && digits < rest.size && rest.data[digits] == ' ' &&
        parse_decimal(rest.data, digits, &sample->period))
        rest = trimmed(rest.data + digits, rest.size - digits);
    if (rn_perf_text_begins(&rest, "PERF_RECORD_")) {
        split_record(sample, rest);
        return NULL;
    }
    for (colon = rest.data; (colon = memchr(colon, ':', rest.size - (size_t)(colon - rest.data)));
         colon++)
        if (colon + 1 == rest.data + rest.size || colon[1] == ' ')
            break;
    if (!colon || colon == rest.data)
        return "no name of an event follows the time";
    sample->event = (struct rn_perf_text){rest.data, (size_t)(colon - rest.data)};
    sample->text = trimmed(colon + 1, rest.size - sample->event.size - 1);
    return NULL;
}

const char *rn_perf_line_parse(const char *line, size_t size, struct rn_perf_sample *sample)
{
    size_t behind;

    sample->field_count = sample->frame_count = 0;
    sample->frames_cut = false;
    if (!find_head(line, size, sample, &behind))
        return "neither an event with thread and time nor a line of a call chain";
    return split_event(sample, trimmed(line + behind, size - behind));
}

/* The last place where `what` is; NULL none. */
static const char *find_last(const struct rn_perf_text *text, const char *what)
{
    size_t length = strlen(what);

    for (size_t at = text->size; at >= length; at--)
        if (memcmp(text->data + at - length, what, length) == 0)
            return text->data + at - length;
    return NULL;
}

/* What is in the last brackets, where it is a path. */
static struct rn_perf_text file_of(const struct rn_perf_text *text)
{
    const char *bracket = find_last(text, " (/");

    if (!bracket || text->data[text->size - 1] != ')')
        return (struct rn_perf_text){"", 0};
    return (struct rn_perf_text){bracket + 2,
                                 (size_t)(text->data + text->size - 1 - (bracket + 2))};
}

bool rn_perf_frame_parse(const char *line, size_t size, struct rn_perf_frame *frame)
{
    struct rn_perf_text rest;
    size_t at = 0, length;

    while (at < size && (line[at] == ' ' || line[at] == '\t'))
        at++;
    for (length = 0; at + length < size && rn_hex_digit(line[at + length]) >= 0;)
        length++;
    if (at == 0 || (at + length < size && line[at + length] != ' ') ||
        !parse_hex(line + at, length, &frame->address))
        return false;
    rest = trimmed(line + at + length, size - at - length);
    frame->text = rest;
    frame->file = file_of(&rest);
    /* "([kernel.kallsyms])", "([nf_tables])"; but "([vdso])", "([unknown])". */
    frame->kernel = frame->address >= UINT64_C(0xffff800000000000);
    return true;
}

static bool find_key(const struct rn_perf_sample *sample, const char *key,
                     struct rn_perf_text *value)
{
    const struct rn_perf_text *text = &sample->text;
    char pattern[40] = " ";
    size_t length = strlen(key);
    const char *found;

    for (size_t i = 0; i < sample->field_count; i++)
        if (rn_perf_text_is(&sample->fields[i].key, key)) {
            *value = sample->fields[i].value;
            return true;
        }
    if (length + 3 > sizeof pattern || sample->field_count)
        return false;
    memcpy(pattern + 1, key, length);
    memcpy(pattern + 1 + length, "=", 2);
    found = find_last(text, pattern);
    if (!found && rn_perf_text_begins(text, pattern + 1))
        found = text->data - 1;
    if (!found)
        return false;
    found += length + 2;
    *value = (struct rn_perf_text){found, (size_t)(text->data + text->size - found)};
    return true;
}

bool rn_perf_field(const struct rn_perf_sample *sample, const char *key, struct rn_perf_text *value)
{
    const char *blank;

    if (!find_key(sample, key, value))
        return false;
    blank = sample->field_count ? NULL : memchr(value->data, ' ', value->size);
    if (blank)
        value->size = (size_t)(blank - value->data);
    return true;
}

bool rn_perf_field_until(const struct rn_perf_sample *sample, const char *key, const char *end,
                         struct rn_perf_text *value)
{
    const char *last;

    if (!find_key(sample, key, value))
        return false;
    last = sample->field_count ? NULL : find_last(value, end);
    if (last)
        value->size = (size_t)(last - value->data);
    return true;
}
