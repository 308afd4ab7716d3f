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

# What the first run left behind, the second one finds. That is no difference between the programs.
again() {
    local name=$1 line=$2 side
    shift 2
    for side in a b; do
        rn-record -q -o $side.rna -- "$@" >/dev/null 2>&1
    done
    if rn-diff a.rna b.rna | grep -q "^INCONCLUSIVE: $line" &&
        rn-diff b.rna b.rna | grep -q "^IDENTICAL"; then
        echo "ok - $name"
    else
        rn-diff a.rna b.rna | sed 's/^/# /'
        echo "not ok - $name"
    fi
}
again "a directory that is there already" "directory d1: B found it there already when it began, and A did not" \
    mkdir d1
again "the same, where the program asks before" "directory d2: B found it there already" \
    sh -c '[ -d d2 ] || mkdir d2'
again "the same for a link" "symbolic link l: B found it there already" ln -s elsewhere l
again "the same for a file" "file f1: B found it there already" sh -c 'set -C; echo text >f1'
again "a file that is appended to" "file f2: appended to what was there, which was 0 bytes for A and 2 for B" \
    sh -c 'echo x >>f2'
rn-validate 'mkdir d3' 'mkdir d3' >said 2>messages
if grep -q '^rn-validate: both sides ran in this directory, .* --dir' messages; then
    echo "ok - rn-validate says how to avoid it"
else
    echo "not ok - rn-validate says how to avoid it: $(cat messages)"
fi
mkdir template
rn-validate --dir template 'mkdir d4' 'mkdir d4' >said 2>messages
if grep -q "^IDENTICAL\|^EQUIVALENT$" said && [ ! -s messages ]; then
    echo "ok - a fresh copy for each"
else
    echo "not ok - a fresh copy for each: $(cat said messages)"
fi
# Who does not ask and does not make it differs, whatever is there.
rn-record -q -o c.rna -- true
if rn-diff a.rna c.rna | grep -q ^DIFFERENT && mkdir new && cd new && rn-record -q -o a.rna -- mkdir d1 &&
    rn-diff a.rna ../c.rna | grep -q '^First difference: directory d1: only in A'; then
    echo "ok - what is not made is missed"
else
    echo "not ok - what is not made is missed"
fi
