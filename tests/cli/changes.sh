#!/bin/bash
# SPDX-License-Identifier: MIT
# When calls became slower: reads of one byte, from the 1001st on of 256 KiB.
set -u
command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }

rn-record -q -o steps.rna -- python3 -c 'import os
for fd in range(3, 20):
    try: os.close(fd)
    except OSError: pass
zero = os.open("/dev/zero", os.O_RDONLY)
for i in range(2000): os.read(zero, 1 if i < 1000 else 262144)'
rn-stat --changes --json -e read steps.rna >changes.json
before=$(rn-stat --json -e read steps.rna | jq '.groups[0].calls - 1000')
if jq -e --argjson at "$before" 'any(.changes[]; .name == "read" and .after_ns > 5 * .before_ns
    and .after_calls - $at < 50 and $at - .after_calls < 50)' changes.json >/dev/null; then
    echo "ok - a step of durations"
else
    cat changes.json
    echo "not ok - a step of durations"
fi
if rn-stat --changes -n 1 -e read steps.rna | grep -q '^Changes of the median:'; then
    echo "ok - text"
else
    echo "not ok - text"
fi
exit 0
