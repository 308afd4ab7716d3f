#!/bin/bash
# SPDX-License-Identifier: MIT
# Files of decisions as recordings: the same decisions as rn-record --decisions makes of them; broken
# ones keep what was whole.
set -u
. "$RN_TOP/tests/convert/checks.sh"

cat >make.py <<'E'
import json, struct

def pack(value):
    if value is None:
        return b"\xc0"
    if isinstance(value, int):
        return bytes([value]) if 0 <= value < 128 else b"\xcf" + struct.pack(">Q", value)
    if isinstance(value, str):
        text = value.encode()
        return (bytes([0xa0 | len(text)]) if len(text) < 32
                else b"\xdb" + struct.pack(">I", len(text))) + text
    if isinstance(value, list):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(pack, value))
    return b"\xde" + struct.pack(">H", len(value)) + b"".join(
        pack(key) + pack(item) for key, item in value.items())

def decision(number, time_us):
    entry = {"timestamp_us": time_us, "category": "type_inference::local", "name": f"v{number}",
             "input": {"n": [1, None]}, "result": "i32", "source_location": f"app.py:{number + 1}"}
    if time_us is None:
        del entry["timestamp_us"]
    return entry

epoch = 1700000000000000
times = {"epoch": [epoch + 30, epoch + 10, epoch + 20], "start": [5, 700, 6], "none": [None] * 3,
         "mixed": [epoch, 7, epoch + 1]}
for name, stamps in times.items():
    entries = [decision(i, t) for i, t in enumerate(stamps)]
    open(f"{name}.msgpack", "wb").write(pack(entries))
    json.dump(entries, open(f"{name}.json", "w"))
open("grown.msgpack", "wb").write(b"".join(pack(decision(i, epoch + i)) for i in range(1000)))
open("cut.msgpack", "wb").write(pack([decision(i, epoch + i) for i in range(3)])[:-7])
json.dump({"version": "1.0", "git_commit": "abc", "transpiler_version": "2.1",
           "decisions": {"0x00000000000000ff": {"category": "stdlib", "name": "print",
                         "source": {"file": "x.py", "line": 3}, "input": "i", "result": "o"}}},
          open("manifest.json", "w"))
E
python3 make.py

# NAME: "start category::name source id" of each.
decisions() {
    rn-cat --json --kind decision "$1" | python3 -c '
import json, sys
for line in sys.stdin:
    e = json.loads(line)
    a = e["args"]
    print(e["start_ns"], a["category"], e["name"], a["source"], a["input"], a["result"], a["id"])'
}
export -f decisions

for form in msgpack json; do
    rn-convert -q -o a.rna epoch.$form
    check "$form: in order of time, to the nanosecond" test \
        "$(decisions a.rna | cut -d' ' -f1,3 | tr '\n' ' ')" = \
        '1700000000000010000 v1 1700000000000020000 v2 1700000000000030000 v0 '
    rn-record -q -o b.rna --decisions epoch.$form -- true
    check "$form: the same decisions as rn-record takes from it" bash -c \
        "diff <(decisions a.rna | cut -d' ' -f2- | sort) <(decisions b.rna | cut -d' ' -f2- | sort)"
    rn-convert -q -o a.rna start.$form
    check "$form: times since some start" test \
        "$(rn-cat --json --kind decision a.rna | grep -o 'since_start_ns":[0-9]*' | tr '\n' ' ')" = \
        'since_start_ns":0 since_start_ns":1000 since_start_ns":695000 '
    rn-convert -o a.rna none.$form 2>notes
    check "$form: without times, in order" test \
        "$(decisions a.rna | cut -d' ' -f3 | tr '\n' ' ')" = 'v0 v1 v2 '
    check "$form: which is told" grep -q 'do not say when: 3' notes
done
rn-convert -q -o a.rna grown.msgpack
check "maps one behind the other" test "$(decisions a.rna | wc -l)" = 1000
rn-convert -q -o a.rna manifest.json
check "a manifest" test "$(decisions a.rna | cut -d' ' -f2-)" = 'stdlib print x.py:3 i o 0xff'
check "and who made it" bash -c "rn-info a.rna | grep -q 'transpiler 2.1, commit abc'"
gzip -k epoch.msgpack
rn-convert -q -o a.rna - <epoch.msgpack.gz
check "packed, from a pipe" test "$(decisions a.rna | wc -l)" = 3

fails "times of two sorts" 'a decision has a time since 1970 among' rn-convert -o c.rna mixed.json
fails "a file that is cut" 'cut.msgpack: offset [0-9]*: a decision is cut' rn-convert -o c.rna cut.msgpack
check "nothing is left of a failure" test ! -e c.rna
rn-convert --keep-going -q -o c.rna cut.msgpack
check "--keep-going keeps what was whole" test "$(decisions c.rna | wc -l)" = 2
