#!/bin/bash
# SPDX-License-Identifier: MIT
# rn-convert --to jsonl, csv and folded: what rn-cat and rn-stat write.
set -u
. "$RN_TOP/tests/convert/checks.sh"
"$RN_BUILD/otlp/otlp_archive" sample sample.rna
"$RN_SAMPLES/generate_archive" -n 5000 calls.rna

same() { # FORMAT COMMAND...
    local format=$1 name
    shift
    for name in sample calls; do
        rn-convert --to "$format" -o "out.$format" "$name.rna" || return
        "$@" "$name.rna" | cmp - "out.$format" || return
        [ -s "out.$format" ] || return
        rn-convert -o "by-name.$format" "$name.rna" && cmp "by-name.$format" "out.$format" || return
        rn-convert --to "$format" -o - "$name.rna" | cmp - "out.$format" || return
    done
}
check "jsonl is rn-cat --json" same jsonl rn-cat --json
check "csv is rn-cat --csv" same csv rn-cat --csv
check "folded is rn-stat --folded" same folded rn-stat --folded

selected() { # FORMAT COMMAND...
    local format=$1
    shift
    rn-convert --to "$format" -e trace=%desc --min-duration 2us -o "few.$format" calls.rna || return
    "$@" -e trace=%desc --min-duration 2us calls.rna | cmp - "few.$format" || return
    ! cmp -s "few.$format" "out.$format"
}
check "jsonl of a selection" selected jsonl rn-cat --json
check "csv of a selection" selected csv rn-cat --csv
check "folded of a selection" selected folded rn-stat --folded

# A recording that was never sealed: calls in flight come last.
unsealed() {
    "$RN_SAMPLES/generate_archive" -n 3000 cut.rna && truncate -s -4096 cut.rna || return
    rn-cat --json cut.rna >wanted 2>/dev/null
    rn-convert --to jsonl -o cut.jsonl cut.rna 2>messages
    cmp cut.jsonl wanted && [ -s messages ]
}
check "a recording that is cut" unsealed
refused() {
    echo nonsense >nonsense.rna
    rn-convert --from rna --to jsonl -o none.jsonl nonsense.rna 2>messages
    [ $? = 2 ] && [ ! -e none.jsonl ] && [ -s messages ]
}
check "no recording: nothing is left" refused
full() {
    rn-convert --to csv -o - calls.rna >/dev/full 2>messages
    [ $? = 2 ] && grep -q 'cannot write' messages
}
[ ! -e /dev/full ] || check "an output that is full is told" full
