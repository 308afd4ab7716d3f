#!/bin/bash
# SPDX-License-Identifier: MIT
# Small recordings that would take much memory or time to compare; and reports in XML of names that hold
# what XML has no character for.
set -u

# used MIB SECONDS COMMAND...: it ends, with an answer, and takes no more than that.
cat >used.py <<'END_PYTHON'
import resource, subprocess, sys
run = subprocess.run(sys.argv[3:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
mib, seconds = used.ru_maxrss >> 10, used.ru_utime + used.ru_stime
if run.returncode not in (0, 1, 2) or mib > int(sys.argv[1]) or seconds > int(sys.argv[2]):
    print(f"# status {run.returncode}, {mib} MiB, {seconds:.1f} s")
    sys.exit(1)
sys.stderr.write(run.stderr)
END_PYTHON
used() {
    python3 used.py "$@"
}
# call PID SECONDS TEXT, as strace -f -ttt -T writes it.
cat >calls.py <<'END_PYTHON'
import sys
at = 1700000000.0
def call(pid, text):
    global at
    at += 1e-5
    print(f"{pid} {at:.6f} {text} <0.000001>")
call(100, 'execve("/bin/a", ["a"], 0x7ff /* 1 vars */) = 0')
call(100, 'openat(AT_FDCWD, "/tmp/x", O_RDWR|O_CREAT|O_TRUNC, 0644) = 3')
if sys.argv[1] == "descending":
    for i in range(int(sys.argv[2]), 0, -1):
        call(100, f'pwrite64(3, "xy", 2, {i * 10}) = 2')
else:
    call(100, "dup2(3, 1048575) = 1048575")
    for i in range(int(sys.argv[2])):
        call(100, f"clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = {1000 + i}")
        call(1000 + i, "getpid() = 1")
        for k in range(int(sys.argv[3])):
            call(1000 + i, f"dup2(3, {50 + k * 70000}) = {50 + k * 70000}")
END_PYTHON
made() {
    python3 calls.py "${@:2}" >"$1.txt" && rn-convert -q -o "$1.rna" "$1.txt"
}

made forks forks 100 0
if used 600 60 rn-diff forks.rna forks.rna 2>/dev/null; then
    echo "ok - forks do not copy tables of descriptors"
else
    echo "not ok - forks do not copy tables of descriptors"
fi
made many forks 20000 14
if used 1200 100 rn-diff many.rna many.rna 2>many.err &&
    [ "$(cat many.err)" = "rn-diff: many.rna: tables of descriptors of more than 256 MiB" ]; then
    echo "ok - tables of descriptors have a limit"
else
    echo "not ok - tables of descriptors have a limit"
    cat many.err
fi
made writes descending 150000
if used 600 10 rn-diff --stat writes.rna writes.rna 2>/dev/null; then
    echo "ok - writes from behind"
else
    echo "not ok - writes from behind"
fi

cat >names.py <<'END_PYTHON'
import json, sys
odd = ["\x01\x0b\x1b[", "\x7f\x80\x85", "a\ufffe\uffffb", "]]>", "&#xffff;&#x1;&amp;&a;", "<a>&\"'`", "\U0001fffe"]
events = []
for i, text in enumerate(odd):
    events.append({"ph": "M", "name": "thread_name", "pid": 1, "tid": i + 1, "args": {"name": text}})
    events.append({"ph": "X", "name": text, "pid": 1, "tid": i + 1, "ts": 1 + i, "dur": 10})
    events.append({"ph": "s", "name": text, "id": i, "pid": 1, "tid": i + 1, "ts": 2 + i})
    events.append({"ph": "f", "name": text, "id": i, "pid": 1, "tid": i % 7 + 1, "ts": 9 + i})
json.dump({"traceEvents": events}, open("names.json", "w"))
with open("files.txt", "wb") as out:
    names = [text.encode() for text in odd] + [b"\xed\xa0\x80\xff"]
    for i, name in enumerate(names):
        quoted = b"".join(b"\\%03o" % byte for byte in name)
        at = b"%d.0000" % (1700000000 + i)
        out.write(b"100 %s01 execve(\"/bin/%s\", [\"%s\"], 0x7ff /* 1 vars */) = 0 <0.0001>\n" % (at, quoted, quoted))
        out.write(b"100 %s03 openat(AT_FDCWD, \"/tmp/%s\", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 3 <0.0001>\n" % (at, quoted))
        out.write(b"100 %s05 write(3, \"%s\", 2) = 2 <0.0001>\n" % (at, b"ab" if sys.argv[1:] else b"cd"))
        out.write(b"100 %s07 close(3) = 0 <0.0001>\n" % at)
    out.write(b"100 1700000100.000001 clone(child_stack=NULL, flags=SIGCHLD) = 101 <0.0001>\n")
    out.write(b"101 1700000100.000003 getpid() = 101 <0.0001>\n")
END_PYTHON
python3 names.py && rn-convert -q -o names.rna names.json && rn-convert -q -o a.rna files.txt
python3 names.py b && rn-convert -q -o b.rna files.txt
well_formed() {
    local name=$1
    if python3 -c 'import sys, xml.etree.ElementTree as tree; tree.parse(sys.argv[1])' "$2"; then
        echo "ok - $name is XML"
    else
        echo "not ok - $name is XML"
    fi
}
rn-diff --junit report.xml a.rna b.rna >/dev/null
well_formed "JUnit" report.xml
rn-graph -q --all --format graphml -o graph.xml a.rna
well_formed "GraphML" graph.xml
if [ -z "$(command -v gnuplot)" ]; then
    echo "ok - SVG is XML # SKIP gnuplot is not installed"
    exit 0
fi
for type in timeline histogram; do
    rn-plot -q -t $type -o $type.svg names.rna
    well_formed "SVG of a $type" $type.svg
done
rn-plot -q -t flame -o flame.svg a.rna
well_formed "SVG of a flame graph" flame.svg
