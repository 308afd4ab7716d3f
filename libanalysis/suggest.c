/* SPDX-License-Identifier: MIT */
#include "suggest.h"

#include <string.h>

#define WORD_MAX 48u

struct rn_suggestion rn_suggestion_begin(const char *asked, size_t length)
{
    /* Words that share less than this are not what was meant. */
    size_t near_enough = 2 + length / 4;

    return (struct rn_suggestion){
        .asked = asked, .length = length, .distance = near_enough > 4 ? 4 : near_enough};
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Levenshtein's distance, row by row. */
static size_t edits(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t row[WORD_MAX + 1];

    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t above = row[j];

            row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_length];
}

void rn_suggestion_try(struct rn_suggestion *best, const char *word)
{
    size_t length = word ? strlen(word) : 0, distance;

    if (!length || length > WORD_MAX || best->length > WORD_MAX)
        return;
    distance = edits(best->asked, best->length, word, length);
    if (distance >= best->distance)
        return;
    best->distance = distance;
    best->word = word;
}

void rn_suggestion_try_all(struct rn_suggestion *best, const char *const *words)
{
    for (; *words; words++)
        rn_suggestion_try(best, *words);
}
