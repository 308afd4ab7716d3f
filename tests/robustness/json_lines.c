/* SPDX-License-Identifier: MIT */
/* json_lines: is every line of standard input one JSON value, by jansson's rules: strict UTF-8, no
 * NUL, no key twice? Prints the number of lines. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

int main(void)
{
    char *line = NULL;
    size_t capacity = 0, lines = 0, wrong = 0;
    ssize_t length;

    while ((length = getline(&line, &capacity, stdin)) > 0) {
        json_error_t error;
        json_t *json = json_loadb(line, (size_t)length, JSON_REJECT_DUPLICATES, &error);

        lines++;
        if (!json) {
            printf("line %zu, column %d: %s\n", lines, error.column, error.text);
            wrong++;
        }
        json_decref(json);
    }
    free(line);
    printf("%zu lines\n", lines);
    return lines == 0 || wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
