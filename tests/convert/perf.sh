#!/bin/bash
# SPDX-License-Identifier: MIT
# perf: what perf itself records and prints here, compared with what a few lines of Python make of the
# same text; then fixtures and broken input.
set -u
. "$RN_TOP/tests/convert/checks.sh"
synthetic=$RN_TOP/tests/convert/synthetic

# ---- perf itself ----

cat >model.py <<'E'
import collections, errno, json, re, subprocess, sys
HEAD = re.compile(r"^\s*(.*?)\s+(?:(\d+)/)?(-?\d+)\s+\[(\d+)\]\s+(\d+)\.(\d+):\s+(\S+): (.*)$")
calls, spans, exits, lost, open_calls, running = [], [], 0, 0, {}, {}
forks = execs = ends = 0
for line in open(sys.argv[1]):
    found = HEAD.match(line)
    if not found:
        continue
    comm, pid, tid, cpu, seconds, part, name, text = found.groups()
    ns = int(seconds) * 10**9 + int(part) * (1000 if len(part) == 6 else 1)
    if name == "raw_syscalls:sys_enter":
        nr, args = re.match(r"NR (-?\d+) \((.*)\)", text).groups()
        lost += tid in open_calls
        open_calls[tid] = (int(nr), ns, args)
    elif name == "raw_syscalls:sys_exit":
        nr, ret = map(int, re.match(r"NR (-?\d+) = (-?\d+)", text).groups())
        begun = open_calls.get(tid)
        if begun and nr in (begun[0], -1):
            del open_calls[tid]
            calls.append((int(tid), begun[0], begun[1], ns - begun[1], ret))
        else:
            exits += 1
    elif name == "sched:sched_switch":
        if cpu in running:
            who, since = running.pop(cpu)
            spans.append((who, since, ns - since))
        who = int(re.search(r".* next_pid=(\d+)", text).group(1))
        if who:
            running[cpu] = (who, ns)
    forks += name == "sched:sched_process_fork"
    execs += name == "sched:sched_process_exec"
    ends += name == "sched:sched_process_exit"
out = subprocess.run(["rn-cat", "--json", sys.argv[2]], capture_output=True, text=True, check=True)
events = [json.loads(line) for line in out.stdout.splitlines()]
first = min(int(e["start_ns"]) for e in events)
def number(value):
    if isinstance(value, str):
        return int(value, 8 if re.fullmatch("0[0-7]+", value) else 0)
    return value
# Those of the kernel alone, ERESTARTSYS and its like, Python does not know.
def result(e):
    return -getattr(errno, e["errno"], 0) if "errno" in e else number(e["ret"])
got = [(e["tid"], e["nr"], e["duration_ns"], result(e))
       for e in events if e["kind"] == "syscall" and e.get("ret") is not None]
want = [(t, n, d, r if r > -512 or r < -4095 else 0) for t, n, s, d, r in calls]
key = lambda c: tuple(map(str, c))
assert sorted(got, key=key) == sorted(want, key=key), (len(got), len(want),
    sorted(set(want) - set(got))[:3], sorted(set(got) - set(want))[:3])
starts = sorted(int(e["start_ns"]) - first for e in events if e["kind"] == "syscall")
assert starts[-1] - starts[0] == max(c[2] for c in calls + [(0, 0, b[1]) for b in open_calls.values()]) \
    - min(c[2] for c in calls + [(0, 0, b[1]) for b in open_calls.values()])
on_cpu = collections.Counter((json.loads(e["args"]["text"])["tid"], e["duration_ns"])
    for e in events if e["kind"] == "span" and e["args"].get("category") == "on-cpu"
    and "left_as" in e["args"]["text"])
assert on_cpu == collections.Counter((w, d) for w, s, d in spans), (len(on_cpu), len(spans))
ops = collections.Counter(e["name"] for e in events if e["kind"] == "process")
assert (ops["fork"], ops["exec"]) == (forks, execs), (ops, forks, execs)
assert ops["exit"] + ops["thread_exit"] == ends, (ops, ends)
print(len(calls), "calls", len(spans), "stretches", ops)
E

events='raw_syscalls:*,sched:sched_switch,sched:sched_process_fork,sched:sched_process_exec,sched:sched_process_exit,signal:signal_deliver'
# record FILE: all that runs on the machine meanwhile is in it, other tests included. Room for what a busy
# machine does: else perf loses events.
record() {
    perf record -q -a -m 16M -e "$events" -o "$1" -- \
        sh -c 'ls / | sort >/dev/null; cat /nonexistent; sleep 0.01; exit 3' >perf.log 2>&1
    [ -s "$1" ]
}
# Where what others did just then is not told alike, a second recording and a third one have to be.
as_told() {
    python3 model.py p.txt p.rna && python3 model.py pid.txt pid.rna
}
converted() {
    perf script --ns --header -i p.data >p.txt 2>/dev/null
    perf script -F +pid -i p.data >pid.txt 2>/dev/null
    rn-convert -o p.rna p.txt 2>notes && rn-convert -o pid.rna pid.txt 2>pid.notes
}
reason=
if ! command -v perf >/dev/null; then
    reason="there is no perf"
elif ! record p.data; then
    reason="perf may not record tracepoints here: $(tail -n 1 perf.log)"
fi
if [ -n "$reason" ]; then
    echo "ok - recordings of perf itself # SKIP $reason"
else
    converted
    for again in 1 2; do
        as_told >said 2>&1 && break
        sed "s/^/# try $again: /" said
        record p.data && converted
    done
    check "system calls, stretches on a CPU, processes: as the text says" python3 model.py p.txt p.rna
    check "the recording is whole" rn-info --verify p.rna
    check "what was run" bash -c "rn-info p.rna | grep -q '^Command *sh -c'"
    check "an exit and its status" bash -c \
        "rn-cat --json --kind process p.rna | grep '\"exit\"' | grep -q '\"status\":768'"
    check "a signal of the shell's child" bash -c "rn-cat p.rna | grep -q SIGCHLD"
    check "times in microseconds are told" grep -q 'times in microseconds' pid.notes
    # Of threads that end just then perf has forgotten it.
    check "processes are told with -F +pid" bash -c "! grep -qE 'process is not told.*: [0-9]{2,}$' pid.notes"
    check "the same of text with processes" python3 model.py pid.txt pid.rna
    perf record -q -g -e 'raw_syscalls:*,cpu-clock' -o g.data -- ls / >/dev/null 2>&1
    perf script --ns -i g.data >g.txt 2>/dev/null
    rn-convert -q -o g.rna g.txt
    check "call chains of system calls" bash -c "rn-cat -k g.rna | grep -q '^ > .*\[libc.so.6+0x[0-9a-f]*\]'"
    check "samples with their call chains" bash -c \
        "test \$(rn-cat --json --kind span g.rna | grep -c stack) = \$(grep -c cpu-clock: g.txt)"
    perf record -q -e 'syscalls:sys_enter_openat,syscalls:sys_exit_openat,syscalls:sys_enter_newfstat,syscalls:sys_exit_newfstat,syscalls:sys_enter_close,syscalls:sys_exit_close' \
        -o s.data -- ls / >/dev/null 2>&1
    perf script --ns -i s.data >s.txt 2>/dev/null
    rn-convert -q -o s.rna s.txt
    check "tracepoints of single system calls" bash -c \
        "test \$(rn-cat -e openat,close s.rna | wc -l) = \$(grep -cE 'sys_exit_(openat|close)' s.txt)"
    check "their arguments" bash -c "rn-cat -e openat s.rna | grep -q 'AT_FDCWD, 0x[0-9a-f]*, O_RDONLY|O_CLOEXEC'"
    if perf trace record -o t.data -- ls / >/dev/null 2>&1; then
        perf script --ns -i t.data >t.txt 2>/dev/null
        rn-convert -q -o t.rna t.txt
        check "perf trace record" python3 model.py t.txt t.rna
    fi
    if perf data convert --to-json j.json -i p.data >/dev/null 2>&1; then
        rn-convert -o j.rna j.json 2>notes
        check "JSON of perf: every sample" python3 - <<'E'
import json, subprocess
samples = json.load(open("j.json"))["samples"]
out = subprocess.run(["rn-cat", "--json", "j.rna"], capture_output=True, text=True, check=True)
events = [json.loads(line) for line in out.stdout.splitlines()]
if not any(len(s) > 6 for s in samples): # this perf names no fields: all are moments
    got = sorted((e.get("tid", -1), int(e["start_ns"])) for e in events if e["kind"] == "span")
    want = sorted((s["tid"], s["timestamp"]) for s in samples)
    shift = got[0][1] - want[0][1]
    assert [(t, n - shift) for t, n in got] == want
E
    fi
fi

# ---- fixtures, and broken input ----

rn-convert -o script.rna "$synthetic/perf-script.txt" 2>notes
check "names with blanks and numbers, lost events, records of perf's own" python3 - <<'E'
import json, subprocess
out = subprocess.run(["rn-cat", "--json", "script.rna"], capture_output=True, text=True, check=True)
events = [json.loads(line) for line in out.stdout.splitlines()]
calls = [(e["pid"], e["tid"], e["name"], e["ret"], e["duration_ns"]) for e in events
         if e["kind"] == "syscall" and e.get("ret") is not None]
assert calls == [(70, 71, "read", 5, 1500), (70, 70, "rt_sigreturn", 0, 10)], calls
assert [e["tid"] for e in events if e["kind"] == "process" and e["name"] == "name"] == [71]
assert [e["name"] for e in events if e["kind"] == "span"] == ["mm_page_alloc"]
losses = [e["args"]["count"] for e in events if e["kind"] == "loss"]
assert losses == [34, 12], losses
unfinished = [e["name"] for e in events if "unfinished" in e.get("flags", [])]
assert unfinished == ["pause"], unfinished
E
check "a thread changed its name" bash -c "rn-stat --by thread script.rna | grep -qF '7 [000] 1.5: x:'"
check "unpaired returns are counted" grep -q 'begin is not in the input: 1' notes
rn-convert -q -o fields.rna "$synthetic/perf-fields.json"
check "JSON with fields (libtraceevent)" python3 - <<'E'
import json, subprocess
out = subprocess.run(["rn-cat", "--json", "fields.rna"], capture_output=True, text=True, check=True)
events = [json.loads(line) for line in out.stdout.splitlines()]
calls = [(e["tid"], e["name"], e["args"]["fd"], e["args"]["count"], e["ret"], e["duration_ns"])
         for e in events if e["kind"] == "syscall"]
assert calls == [(7, "write", 3, 300, -1, 1234)], calls
ops = [e["name"] for e in events if e["kind"] == "process"]
assert ops == ["fork", "exec", "exit"], ops
spans = [(e["name"], e["duration_ns"]) for e in events if e["kind"] == "span"]
assert ("two words", 1000) in spans, spans
E
check "and what was run" bash -c "rn-info fields.rna | grep -q '^Command *ls /'"

printf 'ls 7 [000] 1.000000: raw_syscalls:sys_enter: NR 0 (1, 2, 3, 4, 5, 6)\nwhat is this\nls 7 [000] 1.000001: raw_syscalls:sys_exit: NR 0 = x\nls 7 [000] 1.000002: raw_syscalls:sys_exit: NR 0 = 3\n' >bad.txt
fails "a line that is none" 'bad.txt: line 2: neither an event' rn-convert -o bad.rna bad.txt
check "nothing is left of a failure" test ! -e bad.rna
rn-convert --keep-going -o bad.rna bad.txt 2>notes
check "--keep-going leaves out what makes no sense" grep -q '2 malformed pieces' notes
check "and keeps the rest" bash -c "rn-cat bad.rna | grep -q 'read(1, 0x2, 3) *= 3'"
python3 - >deep.txt <<'E'
print("ls 7 [000] 1.000000: cycles:u: ")
for i in range(130):
    print("\t%x f%s+0x1 (/bin/ls)" % (0x1000 + i, "o" * (4071 + i)))
E
rn-convert -o deep.rna deep.txt 2>notes
check "long lines of a call chain are cut, which is told" grep -q 'cut to 4 KiB: 123$' notes
check "and those beyond the innermost are counted" grep -q 'the innermost of a call chain: 2$' notes
head -c 700 "$synthetic/perf-fields.json" >cut.json
fails "JSON that is cut" 'cut.json: offset [0-9]*: the document ends too soon' rn-convert -o cut.rna cut.json
sed 's/"timestamp": 1000000000/"timestamp": "soon"/' "$synthetic/perf-fields.json" >time.json
fails "JSON with a time that is none" 'time.json: offset [0-9]*: a sample without' rn-convert -o cut.rna time.json
