/* SPDX-License-Identifier: MIT */
/* opencl_late LIBRARY [ARGUMENT...]: a program that is linked with nothing of OpenCL, and loads a
 * library that is when it has long begun: opencl_modes.c, whose main is run. */
#include <dlfcn.h>
#include <stdio.h>

typedef int main_fn(int argc, char **argv);

int main(int argc, char **argv)
{
    void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
    void *symbol = library ? dlsym(library, "late_main") : NULL;

    if (!symbol) {
        fprintf(stderr, "opencl_late: %s\n", argc > 1 ? dlerror() : "no library");
        return 2;
    }
    return (*(main_fn **)(void *)&symbol)(argc - 1, argv + 1);
}
