/* SPDX-License-Identifier: MIT */
#include "cli_stat.h"

const char cli_stat_help[] =
    "Usage: rn-stat [OPTION...] FILE...\n"
    "Sum up recordings, all together; FILE '-' is standard input.\n"
    "\n"
    "      --by GROUP           syscall (default; also api calls, kernels, blocks), process,\n"
    "                           thread, kind; in the source: function, line, module, stack; of\n"
    "                           devices: kernel (and transfers), queue\n"
    "      --sort NUMBER        total (default), calls, errors, mean, p50... p99, max, name...\n"
    "  -n, --top N              only the first N groups\n"
    "      --critical-path      instead: the chain of work and waits that set the run time of one\n"
    "                           recording, over its processes, threads and device queues\n"
    "      --outliers           also mark events that took unusually long, and say where they are\n"
    "      --fail-if LIMIT      exit with 1 if LIMIT holds: 'errors>10', 'openat.p99>1ms',\n"
    "                           '*.max>=2s', 'total.calls>1e6' (may be repeated)\n"
    "      --source-map FILE    for these: places in generated source as those in the original\n"
    "      --debuginfod         for names in the source, ask the servers of DEBUGINFOD_URLS\n"
    "      --folded             a line for each stack and its time in ns, as flame graphs want it\n"
    "      --json               one JSON document\n"
    "      --csv                comma-separated values with a header line\n"
    "  -o, --output FILE        write to FILE, which appears when it is whole\n"
    "\n";

const char cli_stat_help_end[] = "\n"
                                 "  -q, --quiet   no warnings      -h, --help      this text\n"
                                 "  -v, --verbose more messages    -V, --version   version\n";
