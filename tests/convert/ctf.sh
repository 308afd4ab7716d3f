#!/bin/bash
# SPDX-License-Identifier: MIT
# rn-convert and the Common Trace Format: traces of LTTng's user-space tracer, made here; a synthetic
# kernel trace; and recordings there and back, also as babeltrace2 reads them.
set -u
here=$RN_TOP/tests/convert

. "$RN_TOP/tests/convert/checks.sh"
skip() { # REASON NAME...
    local reason=$1 name
    shift
    for name; do echo "ok - $name # SKIP $reason"; done
}
events() { # RECORDING: what is the same in every recording of the same things
    rn-cat --json "$1" 2>/dev/null |
        sed -E 's/"(stream|ordinal|since_start_ns|child_stream)":[0-9]+,?//g' | sort
}

# ---- a kernel trace: synthetic, as lttng-modules cannot be loaded in a test

kernel() { # [contexts]
    "$here/synthetic/kernel_ctf.py" "kernel$1" $1 || return
    rn-convert -o "kernel$1.rna" "kernel$1" 2>messages || return
    rn-cat "kernel$1.rna" 2>/dev/null | grep -v '\*\*\*' | diff - "$here/synthetic/kernel_ctf.txt" || return
    grep -q 'ends of system calls whose begin is not in the trace: 1' messages
}
check "synthetic kernel trace without contexts: sched_switch says whose a call is" kernel ""
check "synthetic kernel trace with contexts" kernel contexts
switches() {
    local told
    told=$(rn-cat --json kernel.rna 2>/dev/null | grep -c '"category":"sched_switch"')
    [ "$told" = 8 ] || return
    # The run of the thread that was switched to, from then on, on its CPU.
    rn-cat --json kernel.rna 2>/dev/null | grep '"category":"sched_switch"' |
        grep '"name":"child"' | grep '"start_ns":"1700000000000003400"' | grep -q '"duration_ns":900,'
}
check "synthetic kernel trace: runs on CPUs" switches
lost() { rn-info kernel.rna | grep -q 'Lost  *5 events'; }
check "synthetic kernel trace: discarded events are losses" lost
process() {
    rn-info kernel.rna | grep -q '^Processes  *2$' &&
        rn-cat --json kernel.rna 2>/dev/null | grep '"kind":"process"' | grep '"name":"exec"' |
        grep -q '"exe":"/bin/prog"' &&
        rn-cat --json kernel.rna 2>/dev/null | grep '"kind":"process"' | grep '"name":"exit"' |
        grep '"pid":200,' | grep -q '"status":768'
}
check "synthetic kernel trace: fork, exec, exit" process

# ---- damage

damaged() { # COMMAND that damages, STATUS, STATUS with --keep-going
    rm -rf damaged damaged.rna
    cp -r kernel damaged && eval "$1" || return
    rn-convert -o damaged.rna damaged 2>messages
    [ $? = "$2" ] && [ ! -e damaged.rna ] && grep -q '^rn-convert: ' messages || return
    rn-convert --keep-going -o damaged.rna damaged 2>messages
    [ $? = "$3" ]
}
check "a cut packet is told, and left out with --keep-going" \
    damaged 'truncate -s -20 damaged/channel0_0' 2 1
cut() {
    damaged 'truncate -s -20 damaged/channel0_0' 2 1 || return
    grep -q 'offset 585: .*channel0_0' messages && [ "$(rn-cat damaged.rna | grep -c openat)" = 1 ]
}
check "a cut packet: its offset is told, and what is before it and beside it is kept" cut
# Where temporary files are on another file system.
if [ -w /dev/shm ] && [ "$(stat -c %d /dev/shm)" != "$(stat -c %d .)" ]; then
    elsewhere() { TMPDIR=/dev/shm cut; }
    check "the same with temporary files on another file system" elsewhere
else
    echo "ok - the same with temporary files on another file system # SKIP there is but one"
fi
check "a file of events that is damaged from its begin is left out with --keep-going" \
    damaged 'echo nonsense >damaged/channel0_1' 2 1
metadata() {
    damaged 'sed -i "s/packet_size;/packet_size/" damaged/metadata' 2 2 &&
        grep -q 'At line 22 in metadata stream' messages
}
check "metadata that is no TSDL: the line is told" metadata
check "metadata that is empty" damaged 'echo "/* CTF 1.8 */" >damaged/metadata' 2 2
bad_event() {
    # The number of an event, behind the text, in the second packet of the file.
    python3 - <<'END' || return
data = bytearray(open("kernel/channel0_0", "rb").read())
at = data.find(b"/bin/prog")
data[at + 26:at + 32] = b"\xff" * 6
open("bad", "wb").write(data)
END
    damaged 'cp bad damaged/channel0_0' 2 1 || return
    grep -q 'offset 585: ' messages && [ "$(rn-cat damaged.rna | grep -c openat)" = 1 ]
}
check "an event of no known class: the packets before it are kept with --keep-going" bad_event
# A sequence of four thousand million structures: the library takes memory before it looks, and ends.
ended() {
    python3 - <<'END' || return
import struct
data = bytearray(open("kernel/channel0_0", "rb").read())
at = data.find(struct.pack("<Iiiii", 2, 3, 1, 4, 4))
data[at:at + 4] = b"\xff" * 4
open("bad", "wb").write(data)
END
    damaged 'cp bad damaged/channel0_0' 2 1 || return
    grep -q 'offset 585: ' messages && [ "$(rn-cat damaged.rna | grep -c openat)" = 1 ] || return
    rn-convert -o damaged.rna damaged 2>messages
    [ $? = 2 ] && grep -q 'libbabeltrace2 cannot cope with this trace' messages
}
check "what ends the process that decodes is told, and ends no other" ended
none() {
    mkdir -p nothing
    rn-convert -o nothing.rna nothing 2>messages
    [ $? = 2 ] && [ ! -e nothing.rna ] || return
    rn-convert --from ctf -o nothing.rna nothing 2>messages
    [ $? = 2 ] && [ ! -e nothing.rna ] && grep -q 'no CTF trace' messages
}
check "a directory without a trace" none

# ---- there and back

there_and_back() { # RECORDING
    rm -rf there.ctf back.rna
    rn-convert --to ctf -o there.ctf "$1" && rn-convert -o back.rna there.ctf || return
    diff <(rn-cat "$1") <(rn-cat back.rna) && diff <(events "$1") <(events back.rna)
}
"$RN_BUILD/otlp/otlp_archive" sample sample.rna
check "there and back: all kinds of events, and what ties them" there_and_back sample.rna
if rn-record -q -o recorded.rna -- sh -c 'ls / >/dev/null; cat /nonexistent; (sleep 0; true) & wait; kill -WINCH $$; true' \
    </dev/null >/dev/null 2>&1; [ -e recorded.rna ]; then
    check "there and back: a program that was recorded" there_and_back recorded.rna
    same() { rn-diff recorded.rna back.rna | grep -q '^IDENTICAL'; }
    check "there and back: rn-diff finds no difference" same
else
    skip "nothing can be recorded here" "there and back: a program that was recorded" \
        "there and back: rn-diff finds no difference"
fi
"$RN_SAMPLES/generate_device" -n 2000 device.rna >/dev/null 2>&1
if [ -s device.rna ]; then
    check "there and back: kernels and transfers with their correlation" there_and_back device.rna
fi
refuses() {
    mkdir -p there && touch there/file
    rn-convert --to ctf -o there sample.rna 2>messages
    [ $? = 2 ] && grep -q 'there already' messages && [ "$(ls there)" = file ] || return
    rn-convert --to ctf -o - sample.rna 2>messages
    [ $? = 2 ] && ! ls -d ./*.ctf.* 2>/dev/null
}
check "a directory that is there is not written into" refuses
full() {
    rm -rf out.ctf
    (ulimit -f 1; rn-convert --to ctf -o out.ctf big.rna) >/dev/null 2>messages
    [ $? != 0 ] && [ ! -e out.ctf ] && ! ls -d out.ctf.* 2>/dev/null
}
"$RN_SAMPLES/generate_archive" -n 20000 big.rna >/dev/null 2>&1
trap '' XFSZ
check "what cannot be written leaves nothing" full
trap - XFSZ

# ---- as babeltrace2 reads it

if command -v babeltrace2 >/dev/null; then
    as_babeltrace() { # RECORDING
        rm -rf theirs.ctf
        rn-convert --to ctf -o theirs.ctf "$1" && "$here/ctf.py" theirs.ctf "$1"
    }
    check "babeltrace2 reads all kinds of events" as_babeltrace sample.rna
    [ ! -e recorded.rna ] || check "babeltrace2 reads what was recorded" as_babeltrace recorded.rna
    [ ! -s device.rna ] || check "babeltrace2 reads what devices did" as_babeltrace device.rna
    lost_there() {
        rm -rf lost.ctf
        rn-convert --to ctf -o lost.ctf kernel.rna &&
            babeltrace2 lost.ctf 2>&1 >/dev/null | grep -q 'discarded 5 events'
    }
    check "babeltrace2 reads how many events were lost" lost_there
else
    skip "babeltrace2 is not installed" "babeltrace2 reads all kinds of events" \
        "babeltrace2 reads what was recorded" "babeltrace2 reads what devices did" \
        "babeltrace2 reads how many events were lost"
fi

# ---- a kernel trace by perf

perf_calls() {
    rn-convert -o perf.rna perf.ctf || return
    babeltrace2 --clock-seconds --no-delta perf.ctf | python3 -c '
import json, re, subprocess, sys
begins, switches, ends = [], 0, {}
for line in sys.stdin:
    seconds, ns, name, rest = re.match(r"\[(\d+)\.(\d{9})\] (?:\S+ )?(\S+): (.*)", line).groups()
    at = int(seconds) * 10**9 + int(ns)
    number = re.search(r" id = (-?\d+)", rest)
    if name == "raw_syscalls:sys_enter":
        begins.append((at, int(number[1])))
    switches += name == "sched:sched_switch"
text = subprocess.run(["rn-cat", "--json", "perf.rna"], check=True, stdout=subprocess.PIPE).stdout
events = [json.loads(line) for line in text.splitlines()]
calls = sorted((int(e["start_ns"]), e["nr"]) for e in events if e["kind"] == "syscall")
begins.sort()
assert len(calls) > 20, calls
shift = begins[0][0] - calls[0][0]
assert [(at + shift, nr) for at, nr in calls] == begins
assert sum(e.get("args", {}).get("category") == "sched_switch" for e in events) == switches
names = {e["name"] for e in events if e["kind"] == "process"}
assert {"fork", "exec", "exit"} <= names, names
status = [e["args"]["status"] for e in events if e["kind"] == "process" and e["name"] == "exit"]
assert 3 << 8 in status, status
'
}
perf_name="a kernel trace that perf made: calls, switches, fork, exec, exit"
if perf record -q -o perf.data \
    -e raw_syscalls:sys_enter,raw_syscalls:sys_exit,sched:sched_switch,sched:sched_process_fork,sched:sched_process_exec,sched:sched_process_exit \
    -- sh -c 'ls / >/dev/null; exit 3' >log 2>&1; [ -s perf.data ] &&
    perf data convert -i perf.data --to-ctf perf.ctf >log 2>&1 && command -v babeltrace2 >log; then
    check "$perf_name" perf_calls
else
    skip "perf does not record or convert here: $(tail -n 1 log)" "$perf_name"
fi

# ---- LTTng's user-space tracer

cat >app.c <<'END'
#include <lttng/tracef.h>
#include <lttng/tracelog.h>
#include <pthread.h>
static void __attribute__((noinline)) inner(int i) { tracef("inner %d", i); }
static void *work(void *name)
{
    for (int i = 0; i < 3; i++)
        inner(i);
    lttng_ust_tracelog(LTTNG_UST_TRACEPOINT_LOGLEVEL_WARNING, "warning of %s", (char *)name);
    return name;
}
int main(void)
{
    pthread_t thread;
    work("main");
    pthread_create(&thread, 0, work, "second");
    return pthread_join(thread, 0);
}
END
ust_names=("LTTng user space: as many events as babeltrace2 has, at the same times"
    "LTTng user space: functions are nested spans of their thread"
    "LTTng user space: messages are moments of their thread")

# In a directory that nobody can reach, too.
ust=$(mktemp -d /tmp/rn-lttng.XXXXXX)
trap 'rm -rf "$ust"' EXIT

# As somebody who is nobody, so that no daemon of the system is met; in the foreground, and ended by
# its number.
as_nobody=()
[ "$(id -u)" != 0 ] || as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
trace_ust() {
    export LTTNG_HOME=$ust HOME=$ust
    chmod 777 "$ust"
    gcc -g -O1 -finstrument-functions app.c -o "$ust/app" -llttng-ust -lpthread -ldl || return
    "${as_nobody[@]}" lttng-sessiond --no-kernel &
    local daemon=$! tries=0 status=1
    until "${as_nobody[@]}" lttng --no-sessiond list >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 200 ] && kill -0 $daemon 2>/dev/null || break
        read -r -t 0.05 <> <(:)
    done
    lttng() { "${as_nobody[@]}" lttng --no-sessiond "$@"; }
    lttng create rn -o "$ust/trace" && lttng enable-event -u -a -s rn &&
        lttng add-context -u -t vpid -t vtid -t procname -s rn && lttng start rn &&
        "${as_nobody[@]}" env LD_PRELOAD=liblttng-ust-cyg-profile.so "$ust/app" && lttng destroy rn && status=0
    kill $daemon 2>/dev/null
    wait $daemon 2>/dev/null
    unset -f lttng
    return $status
}
ust_counts() {
    # An entry and its exit are one span.
    babeltrace2 --clock-seconds --no-delta "$ust/trace" 2>/dev/null |
        sed -nE 's/^\[([0-9]+)\.([0-9]{9})\] (\S+ )?(\S+): .*/\4 \1\2/p' | grep -v ':func_exit ' |
        sed 's/^lttng_ust_cyg_profile:func_entry/function/' | sort >theirs
    rn-cat --json ust.rna | python3 -c '
import json, sys
for line in sys.stdin:
    event = json.loads(line)
    if event["kind"] == "span":
        function = event["args"].get("category") == "function"
        print("function" if function else event["name"], event["start_ns"])' | sort >ours
    [ -s ours ] && diff theirs ours
}
ust_functions() {
    python3 - <<'END'
import json, subprocess
text = subprocess.run(["rn-cat", "--json", "ust.rna"], check=True, stdout=subprocess.PIPE).stdout
spans = [json.loads(line) for line in text.splitlines()]
functions = [s for s in spans if s.get("args", {}).get("category") == "function"]
assert len(functions) == 9, len(functions)
assert all(s["name"].startswith("app+0x") for s in functions), functions
threads = {s["tid"] for s in functions}
assert len(threads) == 2, threads
for thread in threads:
    own = sorted((int(s["start_ns"]), -s["duration_ns"]) for s in functions if s["tid"] == thread)
    ends = []
    for start, negative in own:
        while ends and ends[-1] <= start:
            ends.pop()
        assert not ends or start - negative <= ends[-1]
        ends.append(start - negative)
END
}
ust_messages() {
    [ "$(rn-cat --json ust.rna | grep -c '"name":"lttng_ust_tracef:event".*inner [0-2]')" = 6 ] &&
        rn-cat --json ust.rna | grep 'warning of second' | grep -q '"source":"app.c:9"'
}
if ! command -v lttng-sessiond >/dev/null || ! command -v babeltrace2 >/dev/null ||
    [ ! -e /usr/include/x86_64-linux-gnu/lttng/tracef.h ] && [ ! -e /usr/include/lttng/tracef.h ]; then
    skip "lttng-tools, liblttng-ust-dev or babeltrace2 is not installed" "${ust_names[@]}"
elif ! trace_ust >log 2>&1; then
    skip "LTTng does not trace here: $(tail -n 1 log)" "${ust_names[@]}"
else
    check "LTTng user space: it is read" rn-convert -o ust.rna "$ust/trace"
    check "${ust_names[0]}" ust_counts
    check "${ust_names[1]}" ust_functions
    check "${ust_names[2]}" ust_messages
fi
