#!/bin/bash
# SPDX-License-Identifier: MIT
# Files of decisions: in order on the time line of the recording; and hostile ones: one line with the
# offset, and the rest of the recording is kept.
set -u

verdict() {
    local name=$1
    shift
    if "$@"; then echo "ok - $name"; else echo "not ok - $name"; fi
}

cat >make.py <<'END'
import json, struct, sys, time

def pack(value):
    if value is None or value is True or value is False:
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        return bytes([value]) if 0 <= value < 128 else b"\xcf" + struct.pack(">Q", value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode()
        return (bytes([0xa0 | len(text)]) if len(text) < 32
                else b"\xdb" + struct.pack(">I", len(text))) + text
    if isinstance(value, list):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(pack, value))
    return b"\xde" + struct.pack(">H", len(value)) + b"".join(
        pack(key) + pack(item) for key, item in value.items())

def decision(number, time_us):
    return {"timestamp_us": time_us, "category": "type_inference::local", "name": f"v{number}",
            "input": {"expr": "a+b", "n": [1, 2.5, None, True]}, "result": "i32",
            "source_location": f"app.py:{number + 1}", "decision_id": 1000 + number}

def write(name, data):
    with open(name, "ab" if name.startswith("grow") else "wb") as file:
        file.write(data if isinstance(data, bytes) else json.dumps(data).encode())

good = [decision(i, int(time.time() * 1e6)) for i in range(3)]
del good[2]["decision_id"]
packed = pack(good)
long = json.dumps(good)
head = {"version": "1.0", "git_commit": "abc", "transpiler_version": "2.1"}
entry = {"category": "stdlib", "name": "print", "source": {"file": "x.py", "line": 3}, "input": "i",
         "result": "println!"}
what = sys.argv[1]
if what == "good":
    write("good.msgpack", packed)
    write("good.json", good)
    write("good-manifest.json", {**head, "0x00000000000000ff": entry})
elif what == "grow":
    write("grow.msgpack", pack(good[0]))
    time.sleep(1.5)
    write("grow.msgpack", pack(good[1]) + pack(good[2])[:20])
    time.sleep(1.5)
    write("grow.msgpack", pack(good[2])[20:])
else:
    write("cut.msgpack", packed[:-7])
    write("cut.json", long[:-30].encode())
    write("deep.msgpack", b"\x91" * 10000)
    write("deep-inside.msgpack", b"\x91\x81\xa1a" + b"\x91" * 10000)
    write("deep.json", b"[" * 10000)
    write("deep-inside.json", b'[{"a":' + b"[" * 10000 + b"]" * 10000 + b"}]")
    write("deep-manifest.json", b'{"a":' * 10000)
    write("huge.msgpack", b"\x91\x81\xa8category\xdb\xff\xff\xff\xff" + b"a" * 1000)
    write("huge-array.msgpack", b"\x91\x81\xa8category\xdd\xff\xff\xff\xff" + b"a" * 1000)
    write("type.msgpack", pack([good[0], {"category": 5, "name": "x"}]))
    write("type.json", [good[0], {"category": "a", "name": ["x"]}])
    write("type-manifest.json", {**head, "decisions": {"0x1": {"category": "a", "name": 7}}})
    write("id-manifest.json", {**head, "decisions": {"nothing": {}}})
    write("time.json", [{**good[0], "timestamp_us": "noon"}])
    write("never.msgpack", packed + b"\xc1")
    write("behind.json", (long + " x").encode())
    write("elf.bin", b"\x7fELF and more")
END

# Name, offset and the decisions before it.
hostile() {
    rn-record -o hostile.rna --decisions "$1" -- true 2>told || { echo "the program's status is lost"; return 1; }
    [ "$(wc -l <told)" = 1 ] && grep -q "^rn-record: $1: offset $2: " told || { cat told; return 1; }
    [ "$(rn-cat --kind decision hostile.rna | wc -l)" = "$3" ] || { rn-cat hostile.rna; return 1; }
    rn-info hostile.rna | grep -q "^Notice .*$1: offset $2" && rn-info -q --verify hostile.rna &&
        rn-cat -e kind=process hostile.rna | grep -q 'exited with 0'
}

good_files() {
    rn-record -o good.rna --decisions good.msgpack --decisions good.json \
        --decisions good-manifest.json -- sh -c 'python3 make.py good; : >after' &&
        rn-cat --json good.rna | python3 -c '
import collections, json, sys
events = [json.loads(line) for line in sys.stdin]
starts = [int(event["start_ns"]) for event in events]
assert starts == sorted(starts)
found = collections.Counter()
for number, event in enumerate(events):
    if event["kind"] != "decision":
        continue
    args = event["args"]
    found[args["category"], event["name"], args["source"], args["id"]] += 1
    if event["name"] != "print":
        assert json.loads(args["input"]) == {"expr": "a+b", "n": [1, 2.5, None, True]}, args
        assert args["result"] == "i32"
    later = [e for e in events[number:] if e["kind"] == "syscall" and e["name"] == "openat" and
             "after" in str(e["args"])]
    assert later, "a decision stands behind what came after it"
wanted = {("type_inference::local", "v0", "app.py:1", hex(1000)): 2,
          ("type_inference::local", "v1", "app.py:2", hex(1001)): 2,
          ("stdlib", "print", "x.py:3", "0xff"): 1}
hashed = 0xcbf29ce484222325
for byte in b"type_inference::local::v2::app.py::" + (3).to_bytes(4, "little"):
    hashed = (hashed ^ byte) * 0x100000001b3 % 2 ** 64
wanted["type_inference::local", "v2", "app.py:3", hex(hashed)] = 2
assert found == wanted, found' && rn-info good.rna | grep -q 'transpiler 2.1, commit abc'
}

# Read while it grows: the first one is in the recording before the program has ended.
growing() {
    mkfifo stop && : >growing && { rn-record -o - --decisions grow.msgpack -- \
        sh -c 'python3 make.py grow; read -r line <stop' | rn-cat --kind decision - >growing & }
    local early=0
    for _ in $(seq 600); do
        early=$(wc -l <growing)
        [ "$early" = 0 ] || break
        sleep 0.05
    done
    echo go >stop
    wait
    [ "$early" -gt 0 ] && [ "$(wc -l <growing)" = 3 ] || { cat growing; false; }
}

verdict "MessagePack, JSON and manifest, on one time line" good_files
verdict "a file that grows" growing
python3 make.py hostile
while read -r file offset before; do
    verdict "hostile: $file" hostile "$file" "$offset" "$before"
done <<'END'
cut.msgpack [0-9]* 2
cut.json [0-9]* 2
deep.msgpack 18 0
deep-inside.msgpack 20 0
deep.json 1 0
deep-inside.json 21 0
deep-manifest.json 90 0
huge.msgpack 1 0
huge-array.msgpack 16 0
type.msgpack [0-9]* 1
type.json [0-9]* 1
type-manifest.json [0-9]* 0
id-manifest.json [0-9]* 0
time.json 1 0
never.msgpack [0-9]* 3
behind.json [0-9]* 3
elf.bin 0 0
END
