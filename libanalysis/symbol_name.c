/* SPDX-License-Identifier: MIT */
#include "symbol_file.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LENGTH 4096u /* of a longer one nothing is made: hostile names take long */

/* Without arguments: who reads a stack wants to know which function, not every template argument
 * of every parameter. */
char *rn_symbol_demangle(const char *name)
{
    char *plain = NULL;

    if (name[0] == '_' && strlen(name) <= NAME_MAX_LENGTH)
        plain = rust_demangle(name, DMGL_NO_OPTS);
    if (!plain && name[0] == '_' && name[1] == 'Z' && strlen(name) <= NAME_MAX_LENGTH)
        plain = cplus_demangle_v3(name, DMGL_NO_OPTS);
    return plain ? plain : strdup(name);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool in_library_file(const char *path)
{
    static const char *const names[] = {"libc.so",  "libc-",   "libc.musl",  "ld-linux",
                                        "ld-musl",  "ld-2.",   "libpthread", "libstdc++",
                                        "libgcc_s", "libm.so", "libstd-",    "linux-vdso"};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (begins(name, names[i]))
            return true;
    return false;
}

/* Where sources of the languages' own libraries were when these were built. */
static bool in_library_source(const char *source)
{
    static const char *const directories[] = {
        "library/std/src/", "library/core/src/", "library/alloc/src/",
        "/rustc/",          "/usr/lib/go",       "/usr/local/go/",
        "/usr/share/go",    "/usr/include/c++/", "/usr/lib/gcc/"};

    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
        if (begins(source, directories[i]))
            return true;
    return strstr(source, "/library/std/src/") || strstr(source, "/library/core/src/") ||
           strstr(source, "/library/alloc/src/") || strstr(source, "sysdeps/unix/");
}

bool rn_symbol_is_library(const char *module, const char *function, const char *source)
{
    static const char *const names[] = {"std::",    "core::",   "alloc::",     "<std::",
                                        "<core::",  "<alloc::", "__gnu_cxx::", "runtime.",
                                        "syscall.", "internal/"};

    if (in_library_file(module) || (source && in_library_source(source)))
        return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (begins(function, names[i]))
            return true;
    return false;
}
