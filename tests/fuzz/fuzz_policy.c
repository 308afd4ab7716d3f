/* SPDX-License-Identifier: MIT */
/* Any text as a policy: what is taken of it must give answers. */
#include "libanalysis/backend/rn_backend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct rn_backend_variant variants[] = {{RN_BACKEND_USE_SCALAR, NULL},
                                                         {RN_BACKEND_USE_GPU, "opencl"}};
    struct rn_backend_policy *policy;
    struct rn_backend_operation *operation;
    char message[256];

    rn_backend_parse((const char *)data, size, RN_BACKEND_ANY_MACHINE, &policy, message,
                     sizeof message);
    operation = policy ? rn_backend_operation(policy, "saxpy", variants, 2) : NULL;
    for (int bit = 0; operation && bit < 64; bit++) {
        uint64_t elements = UINT64_C(1) << bit;

        if (rn_backend_select(operation, elements) > 1 ||
            rn_backend_select_at(operation, elements - 1, RN_BACKEND_ON_DEVICE) > 1)
            __builtin_trap();
    }
    rn_backend_free(policy);
    return 0;
}
