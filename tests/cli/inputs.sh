#!/bin/bash
# SPDX-License-Identifier: MIT
# Two runs that were given different files are not called different: the file is named, also where it
# differs late and is not of the same length. Where nobody read on to its end, it is named as what may
# be why.
set -u
long=$(printf '%070d' 0)

# given NAME INPUT SAID COMMAND...: run it on two inputs of which the second one is longer by a byte.
given() {
    local name=$1 input=$2 line=$3 side
    shift 3
    for side in a b; do
        if [ $side = a ]; then echo "int a$long = 1;"; else echo "int a$long = 22;"; fi >"$input"
        rn-record -q -o $side.rna -- "$@" >/dev/null || { echo "not ok - $name: recorded" && return; }
    done
    rn-diff a.rna b.rna >said
    if grep -q "$line" said; then
        echo "ok - $name"
    else
        sed 's/^/# /' said
        echo "not ok - $name"
    fi
}

differ='^INCONCLUSIVE: input text: the programs were given different content'
given "read to the end" text "$differ" cat text
given "copied by the kernel" text "$differ" cp text output
given "as much as there is, and no more" text.c \
    '^input text.c: cannot be told: 81 bytes of it were read, and 82' gcc -c -o output.o text.c
