#!/bin/bash
# SPDX-License-Identifier: MIT
# Perfetto's traces, decoded with protoc and formats/export/perfetto.proto: the same events, names and times;
# and that file's numbers are Perfetto's: a trace that Chromium wrote is read with it.
work=$PWD

. "$RN_TOP/tests/convert/checks.sh"
if ! command -v protoc >/dev/null; then
    echo "ok - Perfetto # SKIP no protoc"
    exit 0
fi
decode() {
    protoc --decode=Trace --proto_path="$RN_TOP/formats" "$RN_TOP/formats/export/perfetto.proto" <"$1"
}
facts() {
    python3 "$RN_TOP/tests/convert/perfetto_facts.py" "$@"
}
# of RECORDING: what the trace has is what rn-cat says.
agrees() {
    rn-convert -q -o out.pftrace "$1" && decode out.pftrace >decoded || return 1
    facts <decoded >got || return 1
    rn-cat --json "$1" | python3 "$RN_TOP/tests/convert/chrome_facts.py" rna >wanted
    [ -s wanted ] && diff "${2:-wanted}" got
}

python3 "$RN_TOP/tests/convert/synthetic/kineto.py" 50 >kineto.json
rn-convert -q -o kineto.rna kineto.json
check "kernels, copies, calls (synthetic): names and times to the nanosecond" agrees kineto.rna
check "launches are tied to what they launched" \
    test "$(facts --arrows <decoded)" = 300 # 150 by correlation, 150 arrows of the file
tracks() {
    facts --tracks <decoded >tracks
    grep -qx 'process python3 of -' tracks && grep -qx 'thread thread 1147039 (python3) of python3' tracks &&
        grep -qx 'track stream 7  of python3' tracks || { cat tracks; return 1; }
}
check "processes, threads and queues have their tracks" tracks

# Two kernels at once, a counter, spans that overlap, names of any bytes.
printf '[{"ph":"X","cat":"kernel","name":"a","pid":0,"tid":7,"ts":1,"dur":10,"args":{"device":0,"stream":7}},
{"ph":"X","cat":"kernel","name":"b\xff","pid":0,"tid":7,"ts":5,"dur":10,"args":{"device":0,"stream":7,"x":{"y":[1,2.5,"z",null,true]}}},
{"ph":"C","name":"load","pid":1,"tid":1,"ts":3,"args":{"value":2.5}},
{"ph":"X","name":"p","pid":1,"tid":1,"ts":3,"dur":5},
{"ph":"X","name":"q","pid":1,"tid":1,"ts":5,"dur":5},
{"ph":"b","cat":"c","name":"r","id":1,"pid":1,"tid":1,"ts":4},
{"ph":"b","cat":"c","name":"r","id":2,"pid":1,"tid":1,"ts":5},
{"ph":"e","cat":"c","name":"r","id":1,"pid":1,"tid":1,"ts":6},
{"ph":"e","cat":"c","name":"r","id":2,"pid":1,"tid":1,"ts":7}]' >lanes.json
rn-convert -q -o lanes.rna lanes.json
cat >lanes.wanted <<'END'
counter load 3000 0 0
kernel a 1000 10000 0
kernel b\xff 5000 10000 0
span p 3000 5000 0
span q 5000 5000 0
span r 4000 2000 0
span r 5000 2000 0
END
check "what overlaps is on lanes" agrees lanes.rna lanes.wanted
check "arguments in each other" test "$(decode out.pftrace | grep -c 'array_values')" = 5

rn-record -q -o own.rna sh -c 'ls / >/dev/null' 2>/dev/null
own() {
    rn-convert -q -o own.pftrace own.rna && decode own.pftrace | facts >got || return 1
    rn-cat --json own.rna | python3 -c '
import json, sys
print(sum(json.loads(line)["kind"] == "syscall" for line in sys.stdin))' >wanted
    grep -c ^syscall got | diff wanted -
}
check "system calls of a recording" own

if command -v chromium >/dev/null; then
    timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" \
        --trace-startup --trace-startup-file="$work/chromium.pftrace" --trace-startup-duration=2 \
        --dump-dom about:blank >/dev/null 2>&1
fi
if [ -s chromium.pftrace ]; then
    real() {
        decode chromium.pftrace >real || return 1
        for field in 'type: TYPE_SLICE_BEGIN' 'type: TYPE_SLICE_END' 'process_name: "' \
            'thread_name: "' 'event_categories {' 'event_names {' 'debug_annotation_names {' \
            'parent_uuid: ' 'clock_snapshot {' 'primary_trace_clock: ' 'trace_packet_defaults {' \
            'trusted_packet_sequence_id: ' 'flow_ids: '; do
            grep -q "$field" real || { echo "none has $field"; return 1; }
        done
    }
    check "formats/export/perfetto.proto reads what Chromium wrote" real
else
    echo "ok - formats/export/perfetto.proto reads what Chromium wrote # SKIP no chromium, or it wrote none"
fi
