#!/bin/bash
# SPDX-License-Identifier: MIT
# A recording of a real CUDA program on a real GPU (samples/cuda): what is read of it is what the program
# said that it did, and where its device's times lie is where its calls and waits were.
set -u
sample=$RN_TOP/samples/cuda/cuda_work

verdict() {
    local name=$1
    shift
    if "$@"; then echo "ok - $name"; else echo "not ok - $name"; fi
}

verdict "it is whole" rn-info --verify -q "$sample.rna"
rn-cat --json "$sample.rna" >events.jsonl
python3 "$RN_TOP/tests/gpu/check_recording.py" "$sample.json" events.jsonl ||
    echo "not ok - what the program says is there"

verdict "each kernel in its own row" eval "rn-stat --by kernel --json '$sample.rna' | python3 -c '
import json, sys
groups = json.load(sys.stdin)[\"groups\"]
kernels = {group[\"name\"]: group[\"calls\"] for group in groups if group[\"kind\"] == \"kernel\"}
assert kernels == {
    \"spin\": 7, \"saxpy\": 100, \"add_one\": 14, \"managed_add\": 1, \"nothing\": 1}, kernels
'"
verdict "two at once on the device" eval "rn-stat --by queue '$sample.rna' | grep -q ' 2 .*cuda device 0$'"
verdict "the time in calls that wait for it is the device's" eval "rn-stat --attribution --json '$sample.rna' | python3 -c '
import json, sys
parts = json.load(sys.stdin)
assert parts[\"devices_busy_ns\"] > 50e6 and parts[\"total\"][\"device_ns\"] > 50e6, parts
'"
verdict "what the driver does at the end is not the program's computing" eval "
    rn-stat --critical-path '$sample.rna' | grep -q ' 84.5.ms *1  exit_group$'"
verdict "a timeline from the middle: who waits since long ago" eval "
    rn-plot --data --from 205ms --to 275ms '$sample.rna' | awk -F '\t' '\$4 == 2837 && \$7 == 205000000' | grep -q ."
verdict "its clock is known within a microsecond" eval "rn-info --json '$sample.rna' | python3 -c '
import json, sys
clock, = json.load(sys.stdin)[\"device_clocks\"]
assert clock[\"bound_ns\"] < 1000 and clock[\"readings\"] >= 3, clock
'"
