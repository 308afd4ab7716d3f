/* SPDX-License-Identifier: MIT */
#include "cli.h"
#include "cli_record.h"

#include "capture/capture_stack.h"

#include <string.h>

int cli_record_stack(struct rn_engine_options *engine, const char *text)
{
    uint64_t bytes;

    engine->stack = RN_STACK_MODE_NONE;
    if (strcmp(text, "none") == 0)
        return -1;
    if (!rn_stack_can_be_kept())
        return cli_usage("--stack: stacks are kept on x86-64 only");
    if (strcmp(text, "frame") == 0) {
        engine->stack = RN_STACK_MODE_FRAME;
        return -1;
    }
    if (strncmp(text, "dump:", 5) != 0 || !cli_parse_size(text + 5, &bytes))
        return cli_usage("--stack is 'none', 'frame' or 'dump:BYTES', not '%s'", text);
    if (bytes < 8 || bytes > RN_STACK_DUMP_MAX)
        return cli_usage("--stack=dump takes 8 to %u bytes of a stack, not '%s'", RN_STACK_DUMP_MAX,
                         text + 5);
    engine->stack = RN_STACK_MODE_DUMP;
    engine->stack_bytes = (uint32_t)bytes;
    return -1;
}
