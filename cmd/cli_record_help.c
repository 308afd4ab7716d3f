/* SPDX-License-Identifier: MIT */
/* What rn-record --help prints, but for the options of computing (cli_record_compute.c). */
#include "cli_record.h"

const char cli_record_help[] =
    "Usage: rn-record [OPTION...] [--] COMMAND [ARGUMENT...]\n"
    "       rn-record [OPTION...] -p PID...\n"
    "Record what a program and its children do into an archive.\n"
    "\n"
    "  -o, --output FILE     the archive (default run.rna); '-' is standard output: what the\n"
    "                        program prints there then goes to standard error\n"
    "  -p, --pid PID         attach to a running process; may be given more than once\n"
    "  -e, --expr EXPR       record these system calls only, see rn-filter(7)\n"
    "      --content=HOW     of the bytes that are moved keep: 'none', not even fingerprints;\n"
    "                        N, fingerprints and the first N bytes (default 32); or 'all'\n"
    "      --stack=HOW       keep with each call: 'none' (default) of the stack; 'frame', return\n"
    "                        addresses; 'dump:BYTES', registers and raw bytes, see rn-engines(7)\n"
    "      --debuginfod      for --symbols, ask the servers that DEBUGINFOD_URLS names\n"
    "      --symbols         put in what is needed to resolve the stacks on another machine\n"
    "      --env NAME        keep the value of this environment variable too\n"
    "      --max-size SIZE   stop storing events when the archive has this size\n"
    "      --last SIZE       keep the newest part of about this size only\n"
    "      --pin             run recorder and program on one CPU: faster where the program has\n"
    "                        one thread, no parallelism where it has more\n"
    "      --engine=ENGINE   how to record, see rn-engines(7): 'auto' (default), inline where\n"
    "                        that can be; 'inline'; 'ptrace'\n"
    "      --features        list what this build can do\n";

const char cli_record_help_end[] =
    "\n"
    "  -q, --quiet   no warnings      -h, --help      this text\n"
    "  -v, --verbose more messages    -V, --version   version\n"
    "\n"
    "Ends as the program does; 125: rn-record failed, 126: the command cannot be executed,\n"
    "127: it was not found.\n";
