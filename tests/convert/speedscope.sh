#!/bin/bash
# SPDX-License-Identifier: MIT
# rn-convert --to speedscope: against speedscope's own schema, and against the recording.
set -u
here=$RN_TOP/tests/convert/speedscope
export RN_PEERS=$RN_BUILD/peers/speedscope

. "$RN_TOP/tests/convert/checks.sh"

# NULL or why the schema and what checks it are not there.
install_peers() {
    command -v node >/dev/null && command -v npm >/dev/null || {
        echo "node and npm are not installed"
        return 1
    }
    [ ! "$RN_PEERS/node_modules/.package-lock.json" -nt "$here/package-lock.json" ] || return 0
    mkdir -p "$RN_PEERS" && cp "$here"/package*.json "$RN_PEERS" || return
    (cd "$RN_PEERS" && npm ci --ignore-scripts --no-audit --no-fund) >npm.log 2>&1 &&
        touch "$RN_PEERS/node_modules/.package-lock.json" && return
    echo "npm cannot install the schema: $(tail -n 1 npm.log)"
    return 1
}

"$RN_BUILD/otlp/otlp_archive" sample sample.rna
"$RN_SAMPLES/generate_archive" -n 5000 calls.rna
"$RN_SAMPLES/generate_device" -n 5000 device.rna
"$RN_TOP/tests/convert/synthetic/kernel_ctf.py" kernel
rn-convert -q -o kernel.rna kernel 2>/dev/null

all=(sample calls device kernel)
convert() {
    local name
    for name in "${all[@]}"; do
        rn-convert -q --to speedscope -o "$name.json" "$name.rna" || return
    done
}
check "recordings are converted" convert
# What takes time is there once, under its name, in the thread or queue that it is of, for as long.
complete() {
    local name
    for name in "${all[@]}"; do
        rn-cat --json "$name.rna" 2>/dev/null >events
        python3 - "$name.json" <<'END' || return
import collections, json, sys
timed = {"syscall", "api", "kernel", "transfer", "block", "aggregate", "span"}
wanted = collections.Counter()
begins = []
for line in open("events"):
    event = json.loads(line)
    if event["kind"] in timed and event.get("args", {}).get("form") != 2:
        begins.append(int(event["start_ns"]))
        wanted[begins[-1], event["duration_ns"]] += 1
content = json.load(open(sys.argv[1]))
got = collections.Counter()
for profile in content["profiles"]:
    opened = []
    for event in profile["events"]:
        if event["type"] == "O":
            opened.append(event["at"])
        else:
            begin = opened.pop()
            got[min(begins) + begin, event["at"] - begin] += 1
assert got == wanted, (sys.argv[1], list((got - wanted).items())[:5], list((wanted - got).items())[:5])
assert got
END
    done
}
check "every slice is there, at its time and for as long, to the nanosecond" complete
if reason=$(install_peers); then
    check "speedscope's schema, and frames that open and close in turn" \
        node "$here/validate.js" "${all[@]/%/.json}"
else
    echo "ok - speedscope's schema, and frames that open and close in turn # SKIP $reason"
fi
nothing() {
    rn-convert --to speedscope -o none.json -e kind=notice sample.rna 2>messages
    [ $? = 2 ] && [ ! -e none.json ] && grep -q 'takes time' messages
}
check "a recording of nothing that takes time is refused" nothing
suffix() {
    rn-convert -q -o s.speedscope.json sample.rna && cmp s.speedscope.json sample.json &&
        rn-convert -q --to speedscope -o - sample.rna | cmp - sample.json
}
check "by the end of the name, and to standard output" suffix
full() {
    rn-convert -q --to speedscope -o - calls.rna >/dev/full 2>messages
    [ $? = 2 ] && grep -q 'cannot write' messages
}
[ ! -e /dev/full ] || check "an output that is full is told" full
