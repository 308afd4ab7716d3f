#!/bin/bash
# SPDX-License-Identifier: MIT
# What was opened is in the record of each open that succeeded, however the engine came to know it.
set -u

# Of the opens that succeeded: how many do not say what was opened, and for how many that is another
# file than the path leads to.
judge='
import json, os, sys
missing = wrong = told = 0
for line in sys.stdin:
    event = json.loads(line)
    if event["kind"] != "syscall" or event["name"] not in ("open", "openat") or "errno" in event:
        continue
    if "descriptors" not in event:
        missing += 1
        continue
    told += 1
    (found,) = event["descriptors"]
    path = next(value for value in event["args"].values() if isinstance(value, str) and "/" in value)
    if not path.startswith(("/proc", "/dev")):
        real = os.stat(path)
        wrong += (real.st_dev, real.st_ino) != (found["device"], found["inode"])
if missing or wrong or told < 5:
    sys.exit(f"{told} told, {missing} missing, {wrong} wrong")
'

opens() {
    rn-record -q --engine="$engine" -o opened.rna -- "$@" >/dev/null 2>&1
    if rn-cat --json opened.rna | python3 -c "$judge"; then
        echo "ok - $engine: ${1##*/}"
    else
        echo "not ok - $engine: ${1##*/}"
    fi
}

gcc -std=gnu11 -D_GNU_SOURCE -O1 -pthread -o late_open "$RN_TOP/tests/torture/late_open.c" || exit 1
for engine in inline ptrace; do
    opens ls -l /etc/passwd /etc/apt /usr
    opens cat /etc/passwd /etc/group /etc/hostname /etc/fstab /etc/shells
    opens /usr/bin/python3 -c "import json"
    opens ./late_open
done
