#!/bin/bash
# SPDX-License-Identifier: MIT
# Chrome's trace format, in and out: traces of real tools, and one of PyTorch on a GPU that is made up.
facts="python3 $RN_TOP/tests/convert/chrome_facts.py"

. "$RN_TOP/tests/convert/checks.sh"
work=$PWD

# agrees TRACE: what the recording of it holds is what the trace says.
agrees() {
    rm -f one.rna
    rn-convert -q -o one.rna "$1" || return 1
    $facts json "$1" >wanted || return 1
    rn-cat --json one.rna | $facts rna >got || return 1
    [ -s wanted ] && diff wanted got
}
# survives TRACE: so is the trace that is written of that, which is strict JSON, and its recording.
survives() {
    rn-convert -q -o two.json one.rna && mv two.json two.json.strict || return 1
    # A recorder's own moments are events of the trace, and events again when it is read.
    $facts json two.json.strict | grep -vE '^span (attach|start) |^flow launch ' >written
    diff wanted written || return 1
    rm -f two.rna
    rn-convert -q -o two.rna two.json.strict && rn-cat --json two.rna | $facts rna >again &&
        diff got again || return 1
    # The third is the second, byte by byte but for the order of what begins together and the arrows
    # that follow from correlations.
    rn-convert -q -o three.json two.rna || return 1
    diff <(grep -v '"cat":"launch"' two.json.strict | sed 's/,$//' | sort) \
        <(grep -v '"cat":"launch"' three.json | sed 's/,$//' | sort)
}
both() {
    check "$1: names and times to the nanosecond" agrees "$2"
    check "$1: written and read again they are the same" survives "$2"
}

python3 "$RN_TOP/tests/convert/synthetic/kineto.py" 50 >kineto.json
both "PyTorch with a GPU (synthetic)" kineto.json
kernels() {
    rn-cat --json --kind kernel one.rna | head -n 1 >kernel
    for wanted in '"queue":7' '"grid_x":64' '"group_x":128' '"registers":32' \
        '"shared_bytes":16384' '"correlation":1' '"device":0' '"context":1'; do
        grep -q "$wanted" kernel || [ "$wanted" = '"device":0' ] || { echo "no $wanted"; cat kernel; return 1; }
    done
    [ "$(rn-cat --json --kind transfer one.rna | grep -c '"direction":"to-device"')" = 50 ] &&
        rn-cat --json one.rna | grep -q 'stream 7'
}
check "kernels and copies have their fields" kernels

printf '%s' "$(head -c 20000 kineto.json | sed '1,/traceEvents/d' | sed '1s/^/[/')" >cut.json
damage() {
    rm -f cut.rna
    rn-convert -o cut.rna cut.json 2>message
    [ $? = 2 ] && [ ! -e cut.rna ] && grep -q 'cut.json: offset [0-9]*: the file ends within' message &&
        { rn-convert --keep-going -o cut.rna cut.json 2>message; [ $? = 1 ]; } &&
        grep -q '1 malformed piece was left out' message && rn-info cut.rna
}
check "a file that is cut" damage
holes() {
    # Every 997th byte becomes something else.
    perl -pe 'BEGIN { undef $/ } for ($i = 500; $i < length; $i += 997) { substr($_, $i, 1) = "\"" }' \
        kineto.json >holes.json
    rm -f holes.rna
    rn-convert --keep-going -o holes.rna holes.json 2>message
    [ $? = 1 ] && grep -q 'pieces were left out' message && rn-info holes.rna &&
        [ "$(rn-cat holes.rna | wc -l)" -gt 300 ]
}
check "a file with holes" holes
pipes() {
    rm -f pipe.rna
    gzip -c kineto.json | rn-convert -q -o pipe.rna - &&
        diff <(rn-cat --json pipe.rna) <(rn-cat --json one.rna)
}
rm -f one.rna
rn-convert -q -o one.rna kineto.json
check "from a pipe, packed" pipes

if /usr/bin/python3 -c 'import torch' 2>/dev/null; then
    /usr/bin/python3 - <<'END'
import torch
from torch.profiler import ProfilerActivity, profile, record_function

model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU())
with profile(activities=[ProfilerActivity.CPU], record_shapes=True, profile_memory=True) as profiler:
    with record_function("a step"):
        model(torch.randn(4, 8)).sum().backward()
profiler.export_chrome_trace("torch.json")
END
    both "PyTorch" torch.json
else
    echo "ok - PyTorch # SKIP no python3-torch"
fi
if command -v clang >/dev/null; then
    printf '#include <stdio.h>\nint main(void) { return puts("x"); }\n' >a.c
    clang -ftime-trace -ftime-trace-granularity=10 -c a.c -o a.o
    both "clang -ftime-trace" a.json
else
    echo "ok - clang -ftime-trace # SKIP no clang"
fi
if command -v node >/dev/null; then
    node --trace-events-enabled --trace-event-categories node,v8,node.async_hooks \
        -e 'require("fs").readFile("/etc/passwd", () => setTimeout(() => {}, 5))' >/dev/null
    both "Node.js" node_trace.1.log
else
    echo "ok - Node.js # SKIP no node"
fi

if command -v chromium >/dev/null; then
    timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" \
        --trace-startup --trace-startup-format=json --trace-startup-file="$work/chromium.json" \
        --trace-startup-duration=2 --dump-dom about:blank >/dev/null 2>&1
fi
# Of begins some have no end there, and ids are of all forms: so what is complete is compared, and the
# number of the others.
chromium() {
    rm -f chromium.rna
    rn-convert -q -o chromium.rna chromium.json || return 1
    python3 - >wanted <<'END'
import decimal
import json

with open("chromium.json") as file:
    events = json.load(file, parse_float=decimal.Decimal)["traceEvents"]
for event in events:
    if event["ph"] == "X":
        print(event["name"], int(event["ts"] * 1000), int(event.get("dur", 0) * 1000))
print("all", sum(event["ph"] in "XIiRnbB" for event in events))
print("flow", sum(event["ph"] in "stf" for event in events))
END
    rn-cat --json chromium.rna >events
    python3 - >got <<'END'
import json

count = {"span": 0, "flow": 0}
with open("events") as file:
    for line in file:
        event = json.loads(line)
        if event["kind"] in count:
            count[event["kind"]] += 1
        if event["kind"] == "span":
            print(event.get("name", ""), int(event["start_ns"]), int(event["duration_ns"]))
print("all", count["span"])
print("flow", count["flow"])
END
    sort -o wanted wanted
    sort -o got got
    [ "$(wc -l <wanted)" -gt 1000 ] && [ -z "$(comm -23 wanted got | tee missing)" ] ||
        { head missing; return 1; }
}
if [ -s chromium.json ]; then
    check "Chromium: complete events, numbers of the others" chromium
else
    echo "ok - Chromium # SKIP no chromium, or it wrote none"
fi

rn-record -q -o own.rna sh -c 'ls / >/dev/null; cat nothing; exec true' 2>/dev/null
rn-convert -q -o own.json own.rna
rn-convert -q -o back.rna own.json
calls() {
    python3 -c '
import json, sys
for line in sys.stdin:
    event = json.loads(line)
    if event["kind"] in ("syscall", "signal"):
        print(event["pid"], event["tid"], event["start_ns"], event["duration_ns"], event["name"],
              event.get("ret"), event.get("errno"), event.get("nr"), event.get("abi"))
    elif event["kind"] == "process":
        print(event["pid"], event["tid"], event["start_ns"], event["name"], event["args"].get("exe"))
'
}
# A length in ticks of the processor is not quite the difference of begin and end in ns: each of the
# three is rounded, and clocks are adjusted by parts in ten thousand at most.
own_calls() {
    rn-cat --json own.rna | calls | sort >wanted
    rn-cat --json back.rna | calls | sort >got
    [ "$(wc -l <wanted)" -gt 50 ] || return 1
    diff <(awk '$4 ~ /^[0-9]/ { $4 = "" } 1' wanted) <(awk '$4 ~ /^[0-9]/ { $4 = "" } 1' got) &&
        paste -d' ' <(awk '{ print $4 }' wanted) <(awk '{ print $4 }' got) |
        awk '$1 ~ /^[0-9]+$/ && ($1 - $2 > 2 + $1 / 10000 || $2 - $1 > 2 + $1 / 10000) { print; bad = 1 } END { exit bad }'
}
check "system calls come back: names, results, times, processes" own_calls
own_paths() {
    rn-cat -e trace=openat own.rna >wanted
    rn-cat -e trace=openat back.rna >got
    [ -s wanted ] && diff wanted got
}
check "system calls come back: paths and flags" own_paths

cat >counters.json <<'END'
[{"ph":"C","name":"mem","id":"0x3","pid":1,"tid":1,"ts":3,"args":{"used":1.5,"free":2}},
{"ph":"C","name":"mem","id":"0x3","pid":1,"tid":1,"ts":5.001,"args":{"used":-0.25,"free":1e300}},
{"ph":"C","name":"one","pid":1,"tid":1,"ts":4,"args":{"value":7}}]
END
counters() {
    rm -f counters.rna again.rna
    rn-convert -q -o counters.rna counters.json && rn-convert -q -o again.json counters.rna &&
        rn-convert -q -o again.rna again.json || return 1
    [ "$(rn-cat counters.rna | wc -l)" = 5 ] &&
        diff <(rn-cat --json counters.rna) <(rn-cat --json again.rna)
}
check "counters come back with their series and ids" counters

hostile() {
    printf '[{"ph":"X","name":"\xff\\u0000\\ud800\x01","cat":"\xfe","pid":1,"tid":1,"ts":1,"dur":1,"args":{"\xfd":NaN,"x":[1e999,"\\ud83d"]}},{"ph":"C","name":"c","pid":1,"ts":2,"args":{"v":Infinity}}]' >hostile.json
    rm -f hostile.rna
    rn-convert -q -o hostile.rna hostile.json && rn-convert -q -o out.json hostile.rna &&
        mv out.json out.json.strict && $facts json out.json.strict &&
        jq -e . out.json.strict >/dev/null
}
if command -v jq >/dev/null; then
    check "whatever a name holds, the trace is strict JSON" hostile
else
    jq() { python3 -c 'import json, sys; json.load(open(sys.argv[1], encoding="utf-8"))' "$3"; }
    check "whatever a name holds, the trace is strict JSON" hostile
fi

full() {
    "$RN_SAMPLES/generate_archive" -n 5000 full.rna
    rn-convert -q --to chrome -o /dev/full full.rna 2>messages
    [ $? = 2 ] && [ "$(wc -l <messages)" = 1 ] && grep -q '/dev/full: cannot write: No space' messages
}
[ ! -e /dev/full ] || check "an output that is full is told once, by its name" full

memory() {
    python3 "$RN_TOP/tests/convert/synthetic/kineto.py" 30000 >large.json
    python3 - <<'END'
import resource
import subprocess
import sys

subprocess.run(["rn-convert", "-q", "-o", "large.rna", "large.json"], check=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(peak, "KiB")
sys.exit(peak > 128 << 10)
END
}
case $(ldd "$(command -v rn-convert)") in
*asan*) echo "ok - memory stays below 128 MiB # SKIP sanitizers" ;;
*) check "memory stays below 128 MiB" memory ;;
esac
rm -f large.json large.rna
