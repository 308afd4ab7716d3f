/* SPDX-License-Identifier: MIT */
/* libFuzzer target: the bytes as traces of OpenTelemetry in protobuf. */
#include "import_bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    import_bytes(&rn_otlp_proto_import, data, size);
    return 0;
}
