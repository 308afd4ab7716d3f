/* SPDX-License-Identifier: MIT */
#include "blas_call.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>

__thread unsigned rn_blas_inside;
bool rn_blas_recording;

static bool is_own(const void *function)
{
    Dl_info own, info;

    return dladdr(&rn_blas_recording, &own) != 0 && dladdr(function, &info) != 0 &&
           own.dli_fbase == info.dli_fbase;
}

/* In a loaded library and what it is linked with. */
static void *find_in(const char *file, const char *symbol)
{
    void *library = dlopen(file, RTLD_LAZY | RTLD_NOLOAD), *found;

    if (!library)
        return NULL;
    found = dlsym(library, symbol);
    dlclose(library);
    return found && !is_own(found) ? found : NULL;
}

struct search {
    const char *symbol;
    void *found;
};

static int search_library(struct dl_phdr_info *info, size_t size, void *context)
{
    struct search *search = context;

    (void)size;
    if (info->dlpi_name && info->dlpi_name[0])
        search->found = find_in(info->dlpi_name, search->symbol);
    return search->found != NULL;
}

/* The global scope has what the program is linked with. A library that was loaded later, for itself
 * alone (numpy's), has its own: that of whoever called. Else any that is loaded will do. */
static void *find_function(const char *symbol, const void *caller)
{
    struct search search = {symbol, dlsym(RTLD_NEXT, symbol)};
    Dl_info info;

    if (!search.found && dladdr(caller, &info) != 0 && info.dli_fname)
        search.found = find_in(info.dli_fname, symbol);
    if (!search.found)
        (void)dl_iterate_phdr(search_library, &search);
    return search.found;
}

/* What OpenBLAS says that it runs. It exports this under one of several names. */
static const char *core_name(const void *function)
{
    static const char *const names[] = {"openblas_get_corename", "openblas_get_corename64_"};
    char *(*get)(void) = NULL;
    void *library = NULL, *found = NULL;
    Dl_info info;

    if (dladdr(function, &info) != 0 && info.dli_fname)
        library = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    for (size_t i = 0; library && !found && i < sizeof(names) / sizeof(names[0]); i++)
        found = dlsym(library, names[i]);
    __builtin_memcpy(&get, &found, sizeof(get));
    if (library)
        dlclose(library);
    return get ? get() : NULL;
}

/* Several threads may find the same at once. */
void *rn_blas_find_slow(struct rn_blas_function *function, const void *caller)
{
    void *real = find_function(function->symbol, caller);

    if (!real) {
        fprintf(stderr, "librn-blas.so: no library has %s\n", function->symbol);
        abort();
    }
    if (!function->site.isa && !function->site.recorder) {
        function->site.isa = core_name(real);
        if (function->site.isa)
            function->site.backend = RN_SIMD_VECTOR;
    }
    if (rn_simd_hook(RN_SIMD_ABI))
        rn_blas_recording = true;
    __atomic_store_n(&function->real, real, __ATOMIC_RELEASE);
    return real;
}
