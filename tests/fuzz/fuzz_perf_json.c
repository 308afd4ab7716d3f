/* SPDX-License-Identifier: MIT */
/* libFuzzer target: the bytes as JSON of perf data convert. */
#include "import_bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    import_bytes(&rn_perf_json_import, data, size);
    return 0;
}
