#!/bin/bash
# SPDX-License-Identifier: MIT
# Whatever a program writes into its recorder's rings: it is recorded to its end, and the archive is
# one that every command reads; its system calls are all there.
set -u
gcc -O1 -std=gnu11 -D_GNU_SOURCE -I"$RN_TOP" -o hostile "$RN_TOP/tests/compute/hostile_rings.c" \
    "$RN_TOP"/capture/inject/producer{,_cells,_device}.c || exit 1

# sound NAME: a seal, no damage, the last system call.
sound() {
    rn-info --verify "$1.rna" >/dev/null && rn-info --json "$1.rna" >/dev/null &&
        rn-cat "$1.rna" | grep -q 'write(1, "done' && rn-cat --json "$1.rna" >/dev/null &&
        rn-cat -o text "$1.rna" && ! grep -q $'\x1b' text && rn-stat -q "$1.rna" >/dev/null
}
for mode in records queues clocks broken; do
    if rn-record -q --simd -o "$mode.rna" -- ./hostile "$mode" >out 2>err && [ "$(cat out)" = "done" ] &&
        sound "$mode"; then
        echo "ok - $mode"
    else
        cat err
        echo "not ok - $mode"
    fi
done
# Records of kinds that are not a library's are no part of the recording, and are said to be left out.
# How often the program sleeps while its ring is full is chance: those calls are not counted.
if rn-info clocks.rna | grep -q 'no library writes' && rn-info --json records.rna | python3 -c '
import json, sys
counts = json.load(sys.stdin)["counts"]
assert counts["process"] < 8 and counts["kernel"] > 100, counts' &&
    [ "$(rn-cat -q --kind syscall -e '!nanosleep' records.rna 2>/dev/null | wc -l)" -lt 100 ]; then
    echo "ok - what no library writes is left out"
else
    echo "not ok - what no library writes is left out"
fi
# A recorder that is killed leaves such rings to be read.
(rn-record -q --simd -o killed.rna -- sh -c './hostile queues; kill -9 $PPID; exec sleep 60' >out 2>&1)
if rn-info --seal killed.rna.part >/dev/null 2>err && rn-info --verify killed.rna >/dev/null; then
    echo "ok - rings that are left are read"
else
    cat err
    echo "not ok - rings that are left are read"
fi
