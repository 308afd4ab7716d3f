/* SPDX-License-Identifier: MIT */
/* What a recording says of itself before it begins. */
#include "cli_record.h"
#include "cli_record_trace.h"

#include "cli.h"

#include "capture/proc_snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <unistd.h>

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

static char *boot_id(void)
{
    char text[64];

    if (rn_proc_read_path("/proc/sys/kernel/random/boot_id", text, sizeof(text)) == 0)
        return NULL;
    return strndup(text, strcspn(text, "\n"));
}

static char **copy_argv(char *const *argv)
{
    size_t count = 0;
    char **result;

    while (argv[count])
        count++;
    result = calloc(count + 1, sizeof(*result));
    for (size_t i = 0; result && i < count; i++)
        result[i] = copy(argv[i]);
    return result;
}

/* NULL: none are kept. */
static char *stack_text(const struct rn_engine_options *engine)
{
    char text[64];

    if (engine->stack == RN_STACK_MODE_NONE)
        return NULL;
    if (engine->stack == RN_STACK_MODE_FRAME)
        return copy("frame");
    snprintf(text, sizeof(text), "dump:%u", engine->stack_bytes);
    return copy(text);
}

void cli_record_manifest(const struct cli_recording *recording, struct rn_manifest *manifest)
{
    struct utsname name;
    char text[512];

    rn_manifest_init(manifest);
    snprintf(text, sizeof(text), "rn-record %s", RN_VERSION);
    manifest->creator = copy(text);
    if (uname(&name) == 0) {
        snprintf(text, sizeof(text), "%s %s %s", name.sysname, name.release, name.machine);
        manifest->host = copy(name.nodename);
        manifest->os = copy(text);
    }
    manifest->boot_id = boot_id();
    manifest->engine = copy(recording->how->name);
    manifest->cwd = getcwd(NULL, 0);
    if (recording->engine.argv)
        manifest->argv = copy_argv(recording->engine.argv);
    else
        manifest->attached_pid = (uint32_t)recording->engine.attach_pids[0];
    manifest->selection = copy(recording->selection);
    manifest->vdso = getauxval(AT_SYSINFO_EHDR) != 0;
    manifest->stack = stack_text(&recording->engine);
    manifest->content_head = recording->engine.content_none ? 0 : recording->engine.content_head;
    manifest->abi = rn_native_abi();
    cli_record_trace_manifest(recording->trace, manifest);
}
