/* SPDX-License-Identifier: MIT */
#include "escape.h"

static const char hex_digits[] = "0123456789abcdef";

size_t rn_utf8_length(const uint8_t *data, size_t size)
{
    uint8_t first = data[0], low = 0x80, high = 0xbf;
    size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (first > 0xf4 || length > size)
        return 0;
    if (first == 0xe0)
        low = 0xa0;
    else if (first == 0xed)
        high = 0x9f;
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xf4)
        high = 0x8f;
    for (size_t i = 1; i < length; i++, low = 0x80, high = 0xbf)
        if (data[i] < low || data[i] > high)
            return 0;
    return length;
}

/* Length of what can be shown as it is: a valid character that is no control character, nor one of
 * U+FFFE and U+FFFF, which are no characters of XML; else 0. */
static size_t printable_length(const uint8_t *data, size_t size)
{
    if (data[0] < 0x20 || data[0] == 0x7f)
        return 0;
    if (data[0] == 0xc2 && size > 1 && data[1] < 0xa0)
        return 0;
    if (data[0] == 0xef && size > 2 && data[1] == 0xbf && data[2] >= 0xbe)
        return 0;
    return rn_utf8_length(data, size);
}

static void append_backslash(struct rn_buf *out, uint8_t byte)
{
    rn_buf_byte(out, '\\');
    rn_buf_byte(out, byte);
}

/* Letter of the C escape of a byte, 0 if it has none. */
static uint8_t c_letter(uint8_t byte)
{
    switch (byte) {
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\v':
        return 'v';
    case '\f':
        return 'f';
    case '\r':
        return 'r';
    case '\\':
        return '\\';
    default:
        return 0;
    }
}

/* As short as can be, unless the next character would be taken for a digit of it. */
static void append_octal(struct rn_buf *out, uint8_t byte, bool digit_follows)
{
    rn_buf_byte(out, '\\');
    if (digit_follows || byte >= 0100)
        rn_buf_byte(out, (uint8_t)('0' + (byte >> 6)));
    if (digit_follows || byte >= 010)
        rn_buf_byte(out, (uint8_t)('0' + (byte >> 3 & 7)));
    rn_buf_byte(out, (uint8_t)('0' + (byte & 7)));
}

static void append_c_byte(struct rn_buf *out, const uint8_t *data, size_t at, size_t size)
{
    uint8_t byte = data[at], letter = c_letter(byte);

    if (letter)
        append_backslash(out, letter);
    else
        append_octal(out, byte, at + 1 < size && data[at + 1] >= '0' && data[at + 1] <= '7');
}

void rn_escape_c(struct rn_buf *out, const uint8_t *data, size_t size, size_t limit, bool more)
{
    size_t shown = size < limit ? size : limit;

    rn_buf_byte(out, '"');
    for (size_t i = 0; i < shown; i++) {
        if (data[i] == '"')
            append_backslash(out, '"');
        else if (data[i] >= 0x20 && data[i] < 0x7f && data[i] != '\\')
            rn_buf_byte(out, data[i]);
        else
            append_c_byte(out, data, i, shown);
    }
    rn_buf_byte(out, '"');
    if (shown < size || more)
        rn_buf_text(out, "...");
}

static void append_unicode_escape(struct rn_buf *out, unsigned number)
{
    char text[6] = {'\\',
                    'u',
                    hex_digits[number >> 12 & 15],
                    hex_digits[number >> 8 & 15],
                    hex_digits[number >> 4 & 15],
                    hex_digits[number & 15]};

    rn_buf_append(out, text, sizeof text);
}

static bool json_needs_care(uint8_t byte)
{
    return byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\';
}

/* One character that json_needs_care; returns its length, 0 where there is none. */
static size_t append_json_special(struct rn_buf *out, const uint8_t *data, size_t size)
{
    uint8_t byte = data[0], letter = byte == '\v' ? 0 : c_letter(byte);
    size_t length;

    if (byte == '\0')
        return 0;
    if (byte == '"' || letter) {
        append_backslash(out, letter ? letter : byte);
        return 1;
    }
    if (byte < 0x80) {
        append_unicode_escape(out, byte);
        return 1;
    }
    length = rn_utf8_length(data, size);
    if (byte == 0xc2 && length && data[1] < 0xa0)
        append_unicode_escape(out, data[1]);
    else
        rn_buf_append(out, data, length);
    return length;
}

/* False, with something appended, where the bytes are no text. */
static bool append_json_text(struct rn_buf *out, const uint8_t *data, size_t size)
{
    size_t at = 0;

    rn_buf_byte(out, '"');
    while (at < size) {
        size_t plain = at, length;

        while (plain < size && !json_needs_care(data[plain]))
            plain++;
        rn_buf_append(out, data + at, plain - at);
        at = plain;
        if (at == size)
            break;
        length = append_json_special(out, data + at, size - at);
        if (length == 0)
            return false;
        at += length;
    }
    rn_buf_byte(out, '"');
    return true;
}

/* Eight bytes at a time where they are ASCII: most texts are. A byte less 1 has its top bit from a
 * NUL, and in words of ASCII from nothing else. */
bool rn_text_valid(const uint8_t *data, size_t size)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    size_t at = 0;

    while (at < size) {
        uint64_t word;
        size_t length;

        if (size - at >= 8) {
            memcpy(&word, data + at, 8);
            if (!((word | (word - ones)) & tops)) {
                at += 8;
                continue;
            }
        }
        length = data[at] ? rn_utf8_length(data + at, size - at) : 0;
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

void rn_escape_json_bytes(struct rn_buf *out, const uint8_t *data, size_t size)
{
    rn_buf_byte(out, '[');
    for (size_t i = 0; i < size; i++) {
        if (i)
            rn_buf_byte(out, ',');
        rn_buf_decimal(out, data[i]);
    }
    rn_buf_byte(out, ']');
}

void rn_escape_json(struct rn_buf *out, const uint8_t *data, size_t size)
{
    size_t start = out->size;

    if (append_json_text(out, data, size))
        return;
    out->size = start;
    rn_escape_json_bytes(out, data, size);
}

void rn_escape_hex(struct rn_buf *out, const uint8_t *data, size_t size)
{
    uint8_t *to = size <= SIZE_MAX / 2 ? rn_buf_reserve(out, 2 * size) : NULL;

    if (!to)
        return;
    for (size_t i = 0; i < size; i++) {
        *to++ = (uint8_t)hex_digits[data[i] >> 4];
        *to++ = (uint8_t)hex_digits[data[i] & 15];
    }
    out->size += 2 * size;
}

static bool csv_needs_quotes(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] == ',' || data[i] == '"')
            return true;
    return size && (data[0] == ' ' || data[size - 1] == ' ');
}

void rn_escape_csv(struct rn_buf *out, const uint8_t *data, size_t size)
{
    bool quoted = csv_needs_quotes(data, size);
    size_t length;

    if (quoted)
        rn_buf_byte(out, '"');
    for (size_t i = 0; i < size; i += length) {
        length = data[i] == '\\' ? 0 : printable_length(data + i, size - i);
        if (data[i] == '"')
            rn_buf_byte(out, '"');
        rn_buf_append(out, data + i, length);
        if (length == 0) {
            append_c_byte(out, data, i, size);
            length = 1;
        }
    }
    if (quoted)
        rn_buf_byte(out, '"');
}

void rn_escape_terminal(struct rn_buf *out, const uint8_t *data, size_t size)
{
    size_t length;

    for (size_t i = 0; i < size; i += length) {
        length = printable_length(data + i, size - i);
        rn_buf_append(out, data + i, length);
        if (length == 0) {
            char text[4] = {'\\', 'x', hex_digits[data[i] >> 4], hex_digits[data[i] & 15]};

            rn_buf_append(out, text, sizeof text);
            length = 1;
        }
    }
}

static const char *html_reference(uint8_t byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void rn_escape_html(struct rn_buf *out, const uint8_t *data, size_t size)
{
    size_t begin = 0;

    for (size_t i = 0; i < size; i++) {
        const char *reference = html_reference(data[i]);

        if (!reference)
            continue;
        rn_escape_terminal(out, data + begin, i - begin);
        rn_buf_text(out, reference);
        begin = i + 1;
    }
    rn_escape_terminal(out, data + begin, size - begin);
}

int rn_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
