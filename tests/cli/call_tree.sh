#!/bin/bash
# SPDX-License-Identifier: MIT
# Functions with what they called: the tree, and groups with callees, of a real program's stacks.
set -u
[ "$(uname -m)" = x86_64 ] || { echo "stacks are walked on x86-64 only"; exit 77; }
command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }

rn-record -q --stack=dump:8192 -o out.rna -- "$RN_PROGRAMS/stack_frames" >/dev/null || exit 1
rn-stat --tree --json out.rna >tree.json || exit 1
rn-stat --json out.rna >flat.json || exit 1
rn-stat --by function --json out.rna >self.json || exit 1
rn-stat --by function --inclusive --json out.rna >inclusive.json || exit 1

holds() { # NAME FILE CONDITION
    if jq -e --slurpfile flat flat.json --slurpfile self self.json "$3" "$2" >/dev/null; then
        echo "ok - $1"
    else
        cat "$2"
        echo "not ok - $1"
    fi
}

holds "each node is its own and its children's time" tree.json '[.root | recurse(.children[])]
    | all(.[]; .total_ns == .self_ns + ([.children[].total_ns] | add // 0)
               and .calls == .self_calls + ([.children[].calls] | add // 0))'
holds "the root is everything" tree.json \
    '.root.total_ns == $flat[0].totals[0].total_ns and .root.calls == $flat[0].totals[0].calls'
holds "main is under what the C library starts" tree.json \
    '[.root | recurse(.children[])] | any(.[]; .name == "main" and .calls >= 1)'
holds "with callees, the total is of all calls once" inclusive.json \
    '.totals[0].total_ns == $flat[0].totals[0].total_ns and .inclusive
     and .totals[0].self_ns == .totals[0].total_ns'
holds "no group has more than all" inclusive.json \
    '.totals[0].total_ns as $all | all(.groups[]; .total_ns <= $all and .self_ns <= .total_ns)'
holds "self is what it is without callees" inclusive.json \
    '[.groups[] | select(.self_ns > 0) | {name, self_ns}] | sort_by(.name)
     == ([$self[0].groups[] | select(.total_ns > 0) | {name, self_ns: .total_ns}] | sort_by(.name))'
rn-stat --tree out.rna >tree.txt
if head -n 2 tree.txt | tail -n 1 | grep -q '^100.00 .* (all)$' && grep -q '(others)$' tree.txt; then
    echo "ok - text"
else
    cat tree.txt
    echo "not ok - text"
fi
exit 0
