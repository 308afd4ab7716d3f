#!/bin/bash
# SPDX-License-Identifier: MIT
# Threads that end while others are being made: each of them was made by the first thread.
set -u
engines='ptrace inline'
[ "$(uname -m)" = x86_64 ] || engines=ptrace
for engine in $engines; do
    for _ in 1 2 3; do
        rn-record -q --engine=$engine -o out.rna -- "$RN_PROGRAMS/brief_threads" >/dev/null || exit 1
        made=$(rn-cat --json --kind process out.rna | grep '"name":"fork"' | grep -o '"stream":[0-9]*' |
            sort | uniq -c | tr -s ' ')
        if [ "$made" != ' 360 "stream":1' ]; then
            echo "$engine: threads were made by:$made"
            exit 1
        fi
    done
done
