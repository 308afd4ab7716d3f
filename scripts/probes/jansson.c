/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdio.h>

int main(void)
{
    json_t *value = json_integer(1); /* links, not only compiles */
    json_decref(value);
    return puts(JANSSON_VERSION) < 0;
}
