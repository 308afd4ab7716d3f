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

/* Insertions, deletions, substitutions and swaps of neighbours (the optimal string alignment
 * distance), row by row. */
static size_t edits(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][WORD_MAX + 1];

    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                above2[j - 2] + 1 < row[j])
                row[j] = above2[j - 2] + 1;
        }
    }
    return rows[a_length % 3][b_length];
}

void rn_suggestion_try(struct rn_suggestion *best, const char *word)
{
    size_t length = word ? strlen(word) : 0, distance;

    if (!length || length > WORD_MAX || best->length > WORD_MAX)
        return;
    /* At least as many letters have to be added or taken away. */
    distance = length > best->length ? length - best->length : best->length - length;
    if (distance >= best->distance)
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
