/* SPDX-License-Identifier: MIT */
/* What varies from run to run by itself: words of a text, or all of an object. */
#include "diff_rules_private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_word(uint8_t byte)
{
    return isalnum(byte) || byte == '_' || byte >= 0x80;
}

/* The word at `at`: letters and digits, or one other byte. */
static size_t word_length(const struct rn_buf *text, size_t at)
{
    size_t length = 1;

    while (is_word(text->data[at]) && at + length < text->size && is_word(text->data[at + length]))
        length++;
    return length;
}

static size_t count_words(const struct rn_buf *text)
{
    size_t count = 0;

    for (size_t at = 0; at < text->size; at += word_length(text, at))
        count++;
    return count;
}

/* Word by word: where they differ, `vary` is set (NULL: that fails), unless it says so already. */
static bool walk_words(const struct rn_buf *a, const struct rn_buf *b, size_t words, uint8_t *vary,
                       bool learn)
{
    size_t at_a = 0, at_b = 0;

    for (size_t i = 0; i < words; i++) {
        size_t length_a = word_length(a, at_a), length_b = word_length(b, at_b);
        bool same = length_a == length_b && memcmp(a->data + at_a, b->data + at_b, length_a) == 0;

        if (!same && learn)
            vary[i] = 1;
        else if (!same && !vary[i])
            return false;
        at_a += length_a;
        at_b += length_b;
    }
    return true;
}

static struct learned *find_learned(const struct rn_diff_rules *rules, enum rn_effect_kind kind,
                                    const char *name)
{
    for (size_t i = 0; rules && i < rules->learned_count; i++) {
        if (rules->learned[i].kind == kind && strcmp(rules->learned[i].name, name) == 0)
            return &rules->learned[i];
    }
    return NULL;
}

static struct learned *new_learned(struct rn_diff_rules *rules, enum rn_effect_kind kind,
                                   const char *name)
{
    struct learned *list =
        realloc(rules->learned, (rules->learned_count + 1) * sizeof(struct learned));

    if (!list)
        return NULL;
    rules->learned = list;
    list[rules->learned_count] = (struct learned){.kind = kind, .name = strdup(name)};
    return list[rules->learned_count].name ? &list[rules->learned_count++] : NULL;
}

static bool bytes_are_known(const struct rn_effect *effect)
{
    return effect && effect->image && effect->image->length > 0 &&
           effect->image->bytes.size == effect->image->length;
}

enum rn_status rn_diff_rules_learn(struct rn_diff_rules *rules, const struct rn_effect *a,
                                   const struct rn_effect *b, struct rn_error *err)
{
    const struct rn_effect *either = a ? a : b;
    struct learned *learned = find_learned(rules, either->kind, either->name);
    const struct rn_buf *text_a, *text_b;
    size_t words;

    if (!learned)
        learned = new_learned(rules, either->kind, either->name);
    if (!learned)
        return rn_fail(err, RN_E_NOMEM, "no memory for what varies");
    if (learned->whole)
        return RN_OK;
    if (!bytes_are_known(a) || !bytes_are_known(b)) {
        learned->whole = true;
        return RN_OK;
    }
    text_a = &a->image->bytes;
    text_b = &b->image->bytes;
    words = count_words(text_a);
    if (words != count_words(text_b) || (learned->words && learned->words != words)) {
        learned->whole = true;
        return RN_OK;
    }
    learned->words = words;
    if (!learned->vary)
        learned->vary = calloc(words, 1);
    if (!learned->vary)
        return rn_fail(err, RN_E_NOMEM, "no memory for what varies");
    (void)walk_words(text_a, text_b, words, learned->vary, true);
    return RN_OK;
}

void rn_diff_rules_learned(const struct rn_diff_rules *rules, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < rules->learned_count && used < size; i++) {
        const struct learned *learned = &rules->learned[i];

        used += (size_t)snprintf(out + used, size - used, "%s%s%s", i ? ", " : "",
                                 learned->whole ? "" : "words of ", learned->name);
    }
}

bool rn_diff_rules_varies(const struct rn_diff_rules *rules, enum rn_effect_kind kind,
                          const char *name)
{
    const struct learned *learned = find_learned(rules, kind, name);

    return learned && learned->whole;
}

bool rn_diff_learned_equal(const struct rn_diff_rules *rules, const char *name,
                           const struct rn_buf *a, const struct rn_buf *b, bool *applies)
{
    for (size_t i = 0; rules && i < rules->learned_count; i++) {
        const struct learned *learned = &rules->learned[i];

        if (learned->whole || strcmp(learned->name, name) != 0)
            continue;
        *applies = true;
        return a->size && b->size && count_words(a) == learned->words &&
               count_words(b) == learned->words &&
               walk_words(a, b, learned->words, learned->vary, false);
    }
    return false;
}
