#!/bin/bash
# SPDX-License-Identifier: MIT
# What is printed of real recordings of binary data is strict JSON to every parser at hand: jansson,
# python3's (UTF-8 checked), jq.
set -u

cat >binary.py <<'END'
import os, socket, subprocess
os.makedirs(b"d\xff\xfe", exist_ok=True)
with open(b"d\xff\xfe/\xe9\xc3\xa9 \"\\\n", "wb") as f:
    f.write(bytes(range(256)))
    f.write(b"\xed\xa0\x80" * 9)
a = socket.socket(socket.AF_UNIX)
a.bind(b"\0abstract\xff\0x" + str(os.getpid()).encode())
b = socket.socket(socket.AF_UNIX)
b.bind(b"path\xff")
subprocess.run([b"printf", b"\xff\xc0\x01%s", b"\x80"], stdout=subprocess.DEVNULL)
left, right = socket.socketpair()
socket.send_fds(left, [bytes(range(128, 160))], [0])
socket.recv_fds(right, 100, 4)
END

strict_python() {
    python3 -c '
import json, sys
def unique(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), keys
    return dict(pairs)
def refuse(name):
    raise ValueError(name)
lines = 0
for line in sys.stdin.buffer:
    json.dumps(json.loads(line.decode("utf-8"), object_pairs_hook=unique, parse_constant=refuse),
               ensure_ascii=False).encode("utf-8")
    lines += 1
print(lines, "lines")'
}

check() {
    local name=$1
    shift
    "$@" >out.json 2>err || { cat err; echo "not ok - $name: '$*' fails"; return; }
    local problem=0
    "$RN_BUILD/robustness/json_lines" <out.json || problem=1
    strict_python <out.json >/dev/null || problem=1
    if command -v jq >/dev/null; then
        jq -e . <out.json >/dev/null || problem=1
    fi
    if [ $problem = 0 ]; then echo "ok - $name"; else echo "not ok - $name"; fi
}

rn-record -q -o python.rna -- python3 binary.py >/dev/null || echo "not ok - python3 is recorded"
rn-record -q -o dd.rna -- dd if=/dev/urandom of=copy bs=1000 count=300 2>/dev/null ||
    echo "not ok - dd is recorded"
rn-record -q --content=all -o "$(printf 'n\377.rna')" -- head -c 4000 copy >/dev/null ||
    echo "not ok - head is recorded"

check "rn-merge --report, of hosts with names" rn-merge --report --json -o merged.rna.all dd.rna python.rna
for recording in *.rna; do
    name=$(printf %s "$recording" | tr -cd '[:print:]')
    check "rn-cat --json of $name" rn-cat --json "$recording"
    check "rn-info --json of $name" rn-info --json "$recording"
    rn-stat --json "$recording" | tr -d '\n' >stat.json
    check "rn-stat --json of $name" cat stat.json
done

# The type of a head does not vary with its bytes, and nothing is lost.
rn-cat --json -e write python.rna | grep -q '"head_hex":"000102030405060708090a0b' &&
    echo "ok - heads are hexadecimal" || echo "not ok - heads are hexadecimal"
rn-cat --json python.rna | grep -q '"sun_path_abstract":\[97,98,115,116,114,97,99,116,255,0,120,' &&
    echo "ok - bytes that are no text are numbers" ||
    echo "not ok - bytes that are no text are numbers"
