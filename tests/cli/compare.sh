#!/bin/bash
# SPDX-License-Identifier: MIT
# Which of two programs is slower: one sleeps twice as long, which no machine makes up for.
set -u
command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }

mkdir a b
for run in 1 2 3 4 5 6; do
    rn-record -q -o a/$run.rna -- sleep 0.1
    rn-record -q -o b/$run.rna -- sleep 0.4
done
list=$(printf '%s,' b/*.rna)

# STATUS may be a pattern: the wall time is compared as well, of a machine that others use.
verdict() { # NAME STATUS CONDITION ARGUMENT...
    local name=$1 wanted=$2 condition=$3 status=0
    shift 3
    rn-stat --compare --json "$@" >result.json || status=$?
    # shellcheck disable=SC2053
    if [[ $status = $wanted ]] && jq -e "$condition" result.json >/dev/null; then
        echo "ok - $name"
    else
        cat result.json
        echo "not ok - $name: status $status"
    fi
}

sleeps='.groups | map(select(.name == "clock_nanosleep"))[0]'
verdict "slower" 1 "$sleeps | .verdict == \"slower\" and .certain and .low > 1.05" \
    -e clock_nanosleep a "$list"
verdict "faster" "[01]" "$sleeps | .verdict == \"faster\" and (.certain | not) and .high < 1" \
    -e clock_nanosleep b a
verdict "within the threshold" 0 "$sleeps | .verdict == \"same\"" --threshold 900 \
    -e clock_nanosleep a b
verdict "calls" "[01]" "$sleeps | .verdict == \"same\" and .calls_a == 1" --sort calls \
    -e clock_nanosleep a b
verdict "overall times are there" "[01]" \
    '[.groups[] | select(.family == "overall") | .name] | sort == ["CPU time", "wall time"]' a b
verdict "one run" 0 'all(.groups[]; .certain | not)' a/1.rna b/1.rna
rn-stat --compare -e clock_nanosleep a b >text.txt
if [ $? = 1 ] && grep -q '^slower .* clock_nanosleep$' text.txt; then
    echo "ok - text"
else
    cat text.txt
    echo "not ok - text"
fi
exit 0
