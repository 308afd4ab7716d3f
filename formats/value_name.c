/* SPDX-License-Identifier: MIT */
#include "value_name.h"

#include <string.h>

#define MAX_NAMES 10

static const char *const names[RN_VALUE_TABLES][MAX_NAMES] = {
    [RN_VALUE_API] = {"other", "cuda", "opencl", "vulkan"},
    [RN_VALUE_BACKEND] = {"unknown", "scalar", "simd", "gpu"},
    [RN_VALUE_DIRECTION] = {"unknown", "to-device", "from-device", "on-device", "peer", "on-host",
                            "fill"},
    [RN_VALUE_PROVENANCE] = {"unknown", "declared", "compiled", "library", "cpu-capable",
                             "disassembled", "measured"},
    [RN_VALUE_RESIDENCY] = {"unknown", "cold", "resident"},
    [RN_VALUE_REASON] = {"threshold", "hot", "ring-full"},
    [RN_VALUE_PROCESS_OP] = {"unknown", "start", "attach", "fork", "exec", "thread exit", "exit",
                             "thread name", "detach", "stop"},
    [RN_VALUE_MODULE_OP] = {"unknown", "module map", "module unmap"},
    [RN_VALUE_NOTICE] = {"other", "engine", "blind-spot", "clock", "interrupted", "sampling",
                         "overhead"},
    [RN_VALUE_LOSS] = {"other", "ring-full", "disk-full", "max-size", "last", "killed", "damaged"},
};

const char *rn_value_name(enum rn_value_table table, uint64_t value)
{
    const char *name = value < MAX_NAMES ? names[table][value] : NULL;

    return name ? name : "unknown";
}

bool rn_value_from_name(enum rn_value_table table, const char *name, size_t length, uint64_t *value)
{
    for (*value = 0; *value < MAX_NAMES; ++*value) {
        const char *known = names[table][*value];

        if (known && strlen(known) == length && !memcmp(known, name, length))
            return true;
    }
    return false;
}
