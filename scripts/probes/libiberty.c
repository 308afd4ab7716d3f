/* SPDX-License-Identifier: MIT */
#include <libiberty/demangle.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    char *plain = cplus_demangle_v3("_Z1fv", DMGL_NO_OPTS);

    puts(plain ? "found" : "useless");
    free(plain);
    return plain == NULL;
}
