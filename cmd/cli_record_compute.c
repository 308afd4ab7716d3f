/* SPDX-License-Identifier: MIT */
#include "cli_record_compute.h"

#include "cli.h"
#include "cli_record_decisions.h"
#include "cli_record_device.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY    "librn-compute.so"
#define BLAS       "librn-blas.so"
#define HOT_CALLS  10000u
#define PATH_BYTES 4096u

const char cli_record_compute_help[] =
    "      --blas            record calls of BLAS and FFTW as compute blocks\n"
    "      --decisions FILE  record what a transpiler decided, from a file of MessagePack or JSON\n"
    "                        that it writes (may be repeated)\n"
    "      --max-overhead N%  count compute blocks that are so short that recording them would "
    "cost\n"
    "                        more of the program's CPU time, as estimated while it runs\n"
    "      --simd            record compute blocks and decisions of programs that are marked with\n"
    "                        rn_simd.h, see rn-simd(7)\n"
    "      --threshold LIST  count shorter events instead of recording each, by kind:\n"
    "                        'simd=50us,io=10us,gpu=100us,transfer=1ms,api=5us'\n"
    "      --trace-all       record every event, however short and frequent\n";

static uint64_t *threshold_of(struct cli_record_compute *compute, const char *kind)
{
    const struct {
        const char *kind;
        uint64_t *threshold;
    } known[] = {{"simd", &compute->producing.threshold_ns},
                 {"io", &compute->sampling.io_ns},
                 {"gpu", &compute->sampling.kernel_ns},
                 {"transfer", &compute->sampling.transfer_ns},
                 {"api", &compute->sampling.api_ns}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i].kind, kind) == 0)
            return known[i].threshold;
    return NULL;
}

static int set_threshold(struct cli_record_compute *compute, const char *item, size_t length)
{
    char text[64];
    char *value;
    uint64_t *threshold;

    snprintf(text, sizeof(text), "%.*s", (int)length, item);
    value = strchr(text, '=');
    if (!value)
        return cli_usage("--threshold takes a list such as simd=50us,io=10us, not '%s'", text);
    *value++ = '\0';
    threshold = threshold_of(compute, text);
    if (!threshold)
        return cli_usage("--threshold knows simd, io, gpu, transfer and api, not '%s'", text);
    if (!cli_parse_duration(value, threshold))
        return cli_usage("--threshold: '%s' is not a time such as 10us or 1.5ms", value);
    return -1;
}

static int set_thresholds(struct cli_record_compute *compute, const char *list)
{
    int status = -1;

    for (const char *item = list; status < 0; item += strcspn(item, ",") + 1) {
        size_t length = strcspn(item, ",");

        status = set_threshold(compute, item, length);
        if (!item[length])
            break;
    }
    return status;
}

static int set_overhead(struct cli_record_compute *compute, const char *text)
{
    char *end;
    double percent = strtod(text, &end);

    if (end == text || strcmp(end, "%") != 0 || !(percent > 0 && percent <= 1000))
        return cli_usage("--max-overhead takes a share of CPU time such as 5%%, not '%s'", text);
    compute->max_overhead = percent / 100;
    return -1;
}

static int add_decisions(struct cli_record_compute *compute, const char *path)
{
    if (!compute->decisions)
        compute->decisions = cli_decisions_new();
    if (!compute->decisions) {
        cli_fail("out of memory");
        return CLI_EXIT_RECORDER;
    }
    return cli_decisions_add(compute->decisions, path)
               ? -1
               : cli_usage("at most 16 files can be given with --decisions");
}

bool cli_record_compute_option(struct cli_record_compute *compute, int letter, const char *argument,
                               int *status)
{
    *status = -1;
    switch (letter) {
    case CLI_OPT_SIMD:
        compute->simd = true;
        return true;
    case CLI_OPT_BLAS:
        compute->blas = true;
        return true;
    case CLI_OPT_DECISIONS:
        *status = add_decisions(compute, argument);
        return true;
    case CLI_OPT_MAX_OVERHEAD:
        *status = set_overhead(compute, argument);
        return true;
    case CLI_OPT_TRACE_ALL:
        compute->producing.all = true;
        return true;
    case CLI_OPT_THRESHOLD:
        compute->has_thresholds = true;
        *status = set_thresholds(compute, argument);
        return true;
    default:
        return false;
    }
}

bool cli_record_library(const char *name, char *path, size_t size)
{
    static const char *const places[] = {"../lib/renacer", "../lib"};
    char self[2048];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    if (length <= 0)
        return false;
    self[length] = '\0';
    slash = strrchr(self, '/');
    if (!slash)
        return false;
    *slash = '\0';
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        char *real;

        if (snprintf(path, size, "%s/%s/%s", self, places[i], name) >= (int)size)
            return false;
        real = realpath(path, NULL);
        if (!real)
            continue;
        snprintf(path, size, "%s", real);
        free(real);
        return true;
    }
    return false;
}

void cli_record_compute_features(char *text, size_t size)
{
    char path[PATH_BYTES], devices[128];

    cli_record_device_features(devices, sizeof(devices));
    snprintf(text, size, "compute: decisions%s%s%s\n",
             cli_record_library(LIBRARY, path, sizeof(path)) ? " simd" : "",
             cli_record_library(BLAS, path, sizeof(path)) ? " blas" : "", devices);
}

static bool find_library(const char *name, char *path)
{
    if (cli_record_library(name, path, PATH_BYTES))
        return true;
    cli_fail("%s is not there: it belongs into ../lib/renacer, seen from rn-record", name);
    return false;
}

/* As LD_PRELOAD has them. */
static bool find_libraries(const struct cli_record_compute *compute, char libraries[2 * PATH_BYTES])
{
    size_t length;

    if (!find_library(LIBRARY, libraries))
        return false;
    if (!compute->blas)
        return true;
    length = strlen(libraries);
    libraries[length] = ':';
    return find_library(BLAS, libraries + length + 1);
}

int cli_record_compute_prepare(struct cli_record_compute *compute, struct cli_recording *recording,
                               struct cli_environment *environment)
{
    char libraries[2 * PATH_BYTES];

    recording->decisions = compute->decisions;
    if (compute->producing.all && compute->max_overhead > 0)
        return cli_usage("--trace-all and --max-overhead exclude each other");
    if (compute->producing.all && compute->has_thresholds)
        return cli_usage("--trace-all and --threshold exclude each other");
    recording->session.max_overhead = compute->max_overhead;
    if (!compute->producing.all) {
        recording->session.sampling = compute->sampling;
        compute->producing.hot_calls = HOT_CALLS;
    }
    recording->session.producing = compute->producing;
    if (!compute->simd && !compute->blas)
        return -1;
    if (!recording->engine.argv)
        return cli_usage("--simd and --blas need a program to start: a library is loaded into it");
    if (!find_libraries(compute, libraries))
        return CLI_EXIT_RECORDER;
    compute->producing.on = true;
    compute->producing.preloaded = true;
    recording->session.producing = compute->producing;
    if (cli_environment_prepend(environment, "LD_PRELOAD", libraries, ':'))
        return -1;
    cli_fail("out of memory");
    return CLI_EXIT_RECORDER;
}

void cli_record_compute_missed(struct rn_session *session, const char *output)
{
    static const char text[] =
        "no compute blocks: nothing that is marked with rn_simd.h, or calls BLAS, was recorded";
    struct rn_error err = RN_ERROR_INIT;

    if (rn_session_expects_producers(session) && !rn_session_had_producers(session) &&
        rn_session_notice(session, RN_NOTICE_BLIND_SPOT, 0, &err, "%s", text) == RN_OK)
        cli_warn("%s: %s", output, text);
}

void cli_record_compute_free(struct cli_record_compute *compute)
{
    cli_decisions_free(compute->decisions);
}

bool cli_record_depends_on_result(const struct rn_filter *filter, const uint64_t *selected)
{
    struct rn_event event = {.kind = RN_KIND_SYSCALL};
    bool success, failure;

    while (event.u.syscall.nr < RN_FILTER_MAX_NR &&
           !(selected[event.u.syscall.nr / 64] >> (event.u.syscall.nr % 64) & 1))
        event.u.syscall.nr++;
    if (event.u.syscall.nr == RN_FILTER_MAX_NR)
        return false;
    success = rn_filter_match(filter, &event);
    event.u.syscall.ret = (uint64_t)-1;
    failure = rn_filter_match(filter, &event);
    event.flags = RN_EVENT_UNFINISHED;
    return !success || !failure || !rn_filter_match(filter, &event);
}
