#!/bin/bash
# SPDX-License-Identifier: MIT
# CUDA, with FAKES of the driver and of CUPTI (tests/fakes/fake_cuda.h): every record is in the
# recording, tied to its call; what goes wrong is one line, and the program runs on as it would. What a
# real driver does is for check-gpu to show.
set -u
fakes=$RN_BUILD/fakes program=$RN_BUILD/fakes/fake_program
export LD_LIBRARY_PATH=$fakes
# Where this machine has a CUDA of its own, that is not what is tested.
export RN_CUPTI=$fakes/libcupti.so.13
unset CUDA_HOME CUDA_PATH CUDA_INJECTION64_PATH

# verdict NAME COMMAND...
verdict() {
    local name=$1
    shift
    if "$@"; then echo "ok - $name"; else echo "not ok - $name"; fi
}

# recorded ARGUMENT...: run the program with the recorder, into run.rna; same output and exit status as bare.
recorded() {
    local bare recorded status=0 recorded_status=0
    bare=$("$program" "$@" 2>bare.err) || status=$?
    recorded=$(rn-record --cuda -o run.rna "${options[@]}" -- "$program" "$@" 2>run.err) ||
        recorded_status=$?
    [ "$bare" = "$recorded" ] && [ $status = $recorded_status ] && return
    cat run.err
    echo "bare: '$bare', status $status; recorded: '$recorded', status $recorded_status"
    return 1
}
options=()

events_of() { rn-cat -q --json --kind "$1" run.rna; }
count_of() { events_of "$1" | wc -l; }
has_notice() { rn-info run.rna | grep -q "^Notice .*$1"; }
is_told() { grep -q "$1" run.err && [ "$(wc -l <run.err)" = 1 ] || { cat run.err; false; }; }
lost() {
    rn-info --json run.rna | python3 -c 'import json, sys
print(sum(loss["count"] or 0 for loss in json.load(sys.stdin)["losses"]))'
}
has_loss() { rn-info run.rna | grep -q "^Lost .*$1" || { rn-info run.rna; false; }; }

# What fake_program does N times, as check-gpu's own checker sees it.
cat >expected.json <<'END'
{"kernels": {"saxpy": 20, "reduce": 20, "node_": 2}, "graph_kernels": 2,
 "transfers": {"1": [20, 20000], "2": [20, 160], "4": [20, 1000], "6": [20, 6000]},
 "calls": {"cuLaunchKernel": 40, "cuGraphLaunch": 1, "cuStreamSynchronize": 20, "wait for stream": 20}}
END
everything() {
    recorded all 20 && rn-cat --json run.rna >run.jsonl &&
        python3 "$RN_TOP/tests/gpu/check_recording.py" expected.json run.jsonl >checks || {
        cat checks
        return 1
    }
    [ "$(lost)" = 0 ] && rn-info --verify -q run.rna
}
for version in 13 14 18 22 130001; do
    export FAKE_CUPTI_VERSION=$version
    # Without the field there is no telling which graph a node is of.
    verdict "records of version $version" everything
done
unset FAKE_CUPTI_VERSION
# The time in calls that wait for the device is the device's, whatever was done meanwhile.
waits_counted() {
    python3 - <<'END'
import json, subprocess
calls = [json.loads(line) for line in subprocess.check_output(["rn-cat", "--json", "--kind", "api", "run.rna"]).split(b"\n") if line]
waited = sum(c["duration_ns"] for c in calls if c["name"] == "cuStreamSynchronize")
parts = json.loads(subprocess.check_output(["rn-stat", "--attribution", "--json", "run.rna"]))
assert 0 <= parts["total"]["device_ns"] - waited + len(calls) <= 2 * len(calls), (parts["total"], waited)
assert parts["devices_busy_ns"] > 0
END
}
verdict "waits for the device are its time" waits_counted
facts() {
    python3 - <<'END'
import json, subprocess
events = [json.loads(line) for line in subprocess.check_output(["rn-cat", "--json", "run.rna"]).split(b"\n") if line]
kernel = next(e for e in events if e["kind"] == "kernel" and e["name"] == "saxpy")
args = kernel["args"]
assert (args["grid_x"], args["grid_y"], args["grid_z"]) == (16, 2, 1), args
assert (args["group_x"], args["registers"], args["shared_bytes"]) == (128, 32, 512), args
assert (args["api"], args["device"], args["context"], args["queue"]) == (1, 0, 1, 8), args
assert 1900 < kernel["duration_ns"] < 2100, kernel
node = [e["args"] for e in events if e["kind"] == "kernel" and e["name"].startswith("node_")]
assert [(n["graph"], n["graph_node"]) for n in node] == [(5, 21), (5, 22)], node
peer = next(e["args"] for e in events if e["kind"] == "transfer" and e["args"]["direction"] == 4)
assert peer["device"] == 0 and peer["peer"] == 1, peer
# A call lies in its thread, and in the recording's time between its system calls.
call = next(e for e in events if e["kind"] == "api" and e["name"] == "cuStreamSynchronize")
sleep = [e for e in events if e["kind"] == "syscall" and e["name"] == "clock_nanosleep"]
assert call["tid"] == sleep[0]["tid"] and call["stream"] == sleep[0]["stream"], call
assert abs(call["since_start_ns"] - sleep[0]["since_start_ns"]) < 1000000, (call, sleep[0])
chatter = next(e for e in events if e["kind"] == "aggregate")
assert chatter["name"] == "cuCtxGetCurrent" and chatter["args"]["count"] == 20, chatter
END
}
verdict "sizes, devices, graphs, peers, threads and times" facts
verdict "what a device is, is told" has_notice 'CUDA device 0: Fake device, compute capability 9.0, 12 multip'
every_call() {
    options=(--trace-all)
    recorded all 5
    local status=$?
    options=()
    [ $status = 0 ] && [ "$(events_of api | grep -c cuCtxGetCurrent)" = 5 ] &&
        [ "$(events_of api | grep -c cuKernelGetName)" = 10 ]
}
no_names() { recorded all 5 && ! rn-cat --json run.rna | grep -q cuKernelGetName; }
verdict "what the runtime asks for at each launch is not there" no_names
verdict "with --trace-all calls that only ask are recorded too" every_call

many_threads() {
    recorded threads 16 500 && [ "$(count_of kernel)" = 8000 ] && [ "$(lost)" = 0 ] || return
    [ "$(events_of api | python3 -c '
import collections, json, sys
calls = collections.Counter(json.loads(line)["tid"] for line in sys.stdin if "cuLaunchKernel" in line)
print(sorted(calls.values()) == [500] * 16)')" = True ]
}
verdict "sixteen threads that end: each has its calls" many_threads

many_kernels() {
    recorded all 20000 && [ "$(count_of kernel)" = 40002 ] && [ "$(count_of transfer)" = 80000 ] &&
        [ "$(lost)" = 0 ]
}
verdict "more than a buffer holds" many_kernels

endless() {
    recorded endless 3 && has_notice 'had not ended when the program did' &&
        [ "$(count_of kernel)" = 3 ] &&
        [ "$(events_of kernel | grep -c '"unfinished"')" = 3 ]
}
verdict "kernels that do not end are marked" endless

fork_before() { recorded fork-before 40 && [ "$(count_of kernel)" = 80 ] && [ "$(lost)" = 0 ]; }
verdict "a fork before CUDA is used: both processes are recorded" fork_before
fork_after() { recorded fork-after 40 && [ "$(count_of kernel)" = 80 ] && [ "$(lost)" = 0 ]; }
verdict "a fork afterwards: the child stays silent" fork_after
child_uses() { recorded child-uses 40 && [ "$(count_of kernel)" = 80 ]; }
verdict "a forked child that goes on using CUDA runs on, unrecorded" child_uses

tail_is_told() {
    recorded "$1" 30 && has_loss 'what its devices had done last was not reported'
}
for how in early kill exec; do
    verdict "what is not reported after $how is stated as lost" tail_is_told $how
done

# Each launch is a call and a kernel; cuInit and cuCtxCreate besides. The inline engine has memory of its
# own in the program, for which it widens the limit.
flooded() {
    local status
    options=(--engine=ptrace)
    recorded flood 30000
    status=$?
    options=()
    return $status
}
flood() {
    local there
    flooded || return
    there=$(($(count_of kernel) + $(count_of api) + $(lost)))
    [ $there = 60002 ] && has_loss "memory for CUPTI" || { echo "$there of 60002"; return 1; }
}
verdict "where no memory is left, what is lost is counted" flood
stalled() {
    local status
    export FAKE_CUPTI_STALLS=1
    flooded
    status=$?
    unset FAKE_CUPTI_STALLS
    [ $status = 0 ] && has_loss "unknown.* memory for CUPTI"
}
verdict "where CUPTI holds everything back too, it is stated" stalled
dropped() { FAKE_CUPTI_DROPS=17 recorded all 2 && has_loss '17 .*CUPTI had no room' && [ "$(lost)" = 17 ]; }
verdict "records that CUPTI dropped are counted" dropped
odd() { recorded odd && [ "$(count_of kernel)" = 2 ] && rn-info --verify -q run.rna; }
verdict "records that make no sense do no harm" odd

drifting() {
    FAKE_CUPTI_PPM=200 recorded all 20 && rn-cat --json run.rna >run.jsonl &&
        python3 "$RN_TOP/tests/gpu/check_recording.py" expected.json run.jsonl >checks || {
        cat checks
        return 1
    }
}
verdict "a clock that drifts" drifting

# What is not there, or not to be had: one line, the rest is recorded, the program runs on.
without() {
    recorded all 5 && is_told "$1" && has_notice "$1" && [ "$(count_of kernel)" = 0 ] &&
        [ "$(count_of syscall)" -gt 20 ]
}
export FAKE_CUPTI_TAKEN="CUPTI for Other Profiler"
verdict "another user of CUPTI is named" without 'in use already, by CUPTI for Other Profiler'
unset FAKE_CUPTI_TAKEN
FAKE_CUPTI_VERSION=12 verdict "CUPTI older than CUDA 11" \
    without 'libcupti.so.13 is older than CUDA 11'
FAKE_CUDA_VERSION=12040 verdict "CUPTI newer than the driver" \
    without 'libcupti.so.13 is of CUDA 13, the driver of CUDA 12'
FAKE_CUDA_VERSION=10020 verdict "a driver that is too old" \
    without 'the driver is of CUDA 10, older than CUDA 11'
FAKE_CUPTI_REFUSES=10 verdict "kernels cannot be had" \
    without 'CUPTI does not begin: CUPTI_ERROR_INSUFFICIENT_PRIVILEGES'
some_kinds() {
    FAKE_CUPTI_REFUSES=38 recorded all 5 &&
        is_told 'waits are not recorded: CUPTI_ERROR_INSUFFICIENT_PRIVILEGES' &&
        [ "$(count_of kernel)" = 12 ]
}
verdict "what else cannot be had is told, the rest recorded" some_kinds

RN_CUPTI=$PWD/nothing verdict "no CUPTI" without 'nothing: cannot open shared object file'
printf '\177ELF\1\1\1' | cat - /dev/zero | head -c 4096 >libcupti_of_32_bits.so
RN_CUPTI=$PWD/libcupti_of_32_bits.so verdict "CUPTI of another architecture" \
    without 'libcupti_of_32_bits.so: wrong ELF class'
echo 'int nothing_of_cupti = 1;' | gcc -shared -fPIC -x c -o nothing_of_cupti.so -
RN_CUPTI=$PWD/nothing_of_cupti.so verdict "a library that only has CUPTI's name" \
    without 'nothing_of_cupti.so has no cuptiGetVersion'
other_tool() {
    CUDA_INJECTION64_PATH=/opt/other/tool.so recorded all 3 &&
        is_told 'CUDA_INJECTION64_PATH is set already, to /opt/other/tool.so' &&
        [ "$(count_of kernel)" = 0 ]
}
verdict "another tool for the driver to load is named, and stays" other_tool

# Where CUPTI is looked for, the best place first.
unset RN_CUPTI
found() { recorded all 3 && [ "$(count_of kernel)" = 8 ]; }
verdict "CUPTI is found on the path of the dynamic linker" found
mkdir -p alone cuda/extras/CUPTI/lib64 python/cuda_runtime/lib python/cuda_cupti/lib
cp "$fakes/libcuda.so.1" alone/
cp "$fakes/libcupti.so.13" cuda/extras/CUPTI/lib64/
LD_LIBRARY_PATH=$PWD/alone CUDA_HOME=$PWD/cuda verdict "CUPTI is found in CUDA_HOME" found
cp "$fakes/libcupti.so.13" python/cuda_cupti/lib/
echo 'int cudart;' | gcc -shared -fPIC -x c -o python/cuda_runtime/lib/libcudart.so.13 -
as_python_has_it() {
    export LD_PRELOAD=$PWD/python/cuda_runtime/lib/libcudart.so.13
    found
    local status=$?
    unset LD_PRELOAD
    return $status
}
LD_LIBRARY_PATH=$PWD/alone verdict "CUPTI is found beside the program's CUDA runtime" as_python_has_it
export LD_LIBRARY_PATH=$fakes RN_CUPTI=$fakes/libcupti.so.13

# A program that is linked with the driver is known to use it.
cat >linked.c <<'END'
#include "tests/fakes/fake_cuda.h"
int main(void)
{
    fake_function function;
    void *context;

    return cuInit(0) || cuCtxCreate_v2(&context, 0, 0) ||
           cuModuleGetFunction(&function, 0, "linked") ||
           cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0);
}
END
gcc -I"$RN_TOP" -o linked linked.c "$fakes/libcuda.so.1"
by_itself() {
    rn-record -q -o run.rna -- ./linked && [ "$(count_of kernel)" = 1 ] &&
        rn-record -q --cuda=off -o run.rna -- ./linked && [ "$(count_of kernel)" = 0 ]
}
verdict "a program that is linked with libcuda is recorded without being asked" by_itself

# The recorder dies after the program's device work was handed over: it is in the rings.
recorder_dies() {
    local recorder kernels
    rm -rf run.rna run.rna.part done
    rn-record --cuda -o run.rna -- sh -c '"$0" all 5 >doing; mv doing done; exec sleep 60' "$program" &
    recorder=$!
    while [ ! -e done ] && kill -0 $recorder; do sleep 0.02; done
    kill -KILL $recorder
    wait $recorder 2>/dev/null
    kernels=$(rn-cat -q --json --kind kernel run.rna.part | wc -l)
    rn-info -q --seal run.rna.part && [ "$kernels" = 12 ] && [ "$(count_of kernel)" = 12 ] ||
        { echo "$kernels kernels, sealed $(count_of kernel)"; return 1; }
}
verdict "when the recorder dies, what was handed over is there" recorder_dies

LD_LIBRARY_PATH=/nonexistent
no_driver() {
    rn-record --cuda -o run.rna -- "$program" all 1 >out 2>run.err
    [ $? = 2 ] && grep -q 'no CUDA: the program did not use it' run.err &&
        has_notice 'no CUDA: the program did not use it' && [ "$(count_of syscall)" -gt 20 ]
}
verdict "no driver" no_driver
exit 0
