#!/bin/bash
# SPDX-License-Identifier: MIT
# Both engines store the same fingerprints, and those of the file that was written.
for engine in ptrace inline; do
    rn-record -q --engine=$engine -o $engine.rna -- "$RN_PROGRAMS/contents" >out || exit 1
    rn-cat --json -e 'write,writev' $engine.rna | grep -o '"length":[0-9]*,"crc64":"[0-9a-f]*"' >$engine
    rn-record -q --engine=$engine -o dirs.rna -- ls -f /usr/bin >/dev/null || exit 1
    rn-cat --json -e getdents64 dirs.rna | grep -o '"length":[0-9]*,"crc64":"[0-9a-f]*"' >>$engine
done
[ "$(wc -l <ptrace)" -gt 240 ] && cmp ptrace inline
