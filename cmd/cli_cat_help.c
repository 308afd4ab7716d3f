/* SPDX-License-Identifier: MIT */
#include "cli_cat.h"

const char cli_cat_help[] =
    "Usage: rn-cat [OPTION...] FILE...\n"
    "Print the events of recordings; FILE '-' is standard input.\n"
    "\n"
    "Output:\n"
    "      --json               one JSON object a line\n"
    "      --csv                comma-separated values with a header line\n"
    "  -n, --count N            only the first N events\n"
    "  -o, --output FILE        write to FILE, which appears when it is whole\n"
    "Text, as strace prints it:\n"
    "  -t, --time               time of day; -tt: with microseconds; -ttt: since the Epoch\n"
    "  -r, --relative           time since the event before\n"
    "  -T, --durations          how long each call took\n"
    "  -y, --descriptors        what descriptors stand for\n"
    "  -i, --site               address each call was made from\n"
    "  -k, --stack              where in the source each call was made, if stacks were recorded\n"
    "      --debuginfod         for that, ask the servers that DEBUGINFOD_URLS names\n"
    "      --source-map FILE    places in generated source as those in the original, see\n"
    "                           rn-source-map(5) (may be repeated)\n"
    "  -s, --strings N          show at most N bytes of a string (32)\n"
    "\n";

const char cli_cat_help_end[] = "\n"
                                "  -q, --quiet   no warnings      -h, --help      this text\n"
                                "  -v, --verbose more events      -V, --version   version\n";
