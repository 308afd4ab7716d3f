#!/bin/bash
# SPDX-License-Identifier: MIT
# Where the time of real programs went, whatever the times are: parts add up to the nanosecond, and
# what is known to have been waited for is where it belongs.
set -u
command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }

cat >valid.jq <<'END'
def parts: .file_ns + .socket_ns + .pipe_ns + .terminal_ns + .events_ns + .lock_ns + .child_ns
    + .sleep_ns + .device_ns + .other_ns + .computing_ns;
all(.threads[]; parts == .threads_ns and .threads_ns == .wall_ns)
  and all(.processes[]; parts == .threads_ns)
  and (.total | parts == .threads_ns)
  and ([.threads[].threads_ns] | add) == .total.threads_ns
END

# check NAME RECORDING CONDITION...: the parts add up, and each condition of jq holds.
check() {
    local name=$1 recording=$2 problem=
    shift 2
    rn-stat --attribution --json "$recording" >parts.json || problem="rn-stat fails"
    jq -e -f valid.jq parts.json >/dev/null || problem="parts do not add up"
    for condition; do
        jq -e "$condition" parts.json >/dev/null || problem="not $condition"
    done
    rn-stat --attribution "$recording" >parts.txt || problem="no text"
    if [ -z "$problem" ]; then
        echo "ok - $name"
    else
        cat parts.txt parts.json
        echo "not ok - $name: $problem"
    fi
}

for engine in inline ptrace; do
    rn-record -q --engine=$engine -o pipe.rna -- sh -c \
        'sh -c "sleep 1; echo word" | sh -c "read -r word"; true'
    check "a pipeline, $engine" pipe.rna \
        'any(.threads[]; .name == "sleep" and .sleep_ns >= 1e9)' \
        'any(.threads[]; .pipe_ns >= 5e8)' \
        'any(.threads[]; .child_ns >= 5e8)' \
        '.total.user_ns != null'
    rm pipe.rna
done
rn-record -q -o lock.rna -- python3 -c 'import threading, time
lock = threading.Lock()
lock.acquire()
thread = threading.Thread(target=lock.acquire)
thread.start()
time.sleep(1)
lock.release()
thread.join()'
check "a thread that waits for a lock" lock.rna \
    'any(.threads[]; .lock_ns >= 5e8 and .sleep_ns == 0)' '.total.threads > 1'
rn-record -q -o events.rna -- python3 -c 'import select, socket, fcntl, os, time
select.select([], [], [], 0.2)
a, b = socket.socketpair()
a.settimeout(0.2)
try: a.recv(1)
except OSError: pass
end = time.process_time() + 0.2
while time.process_time() < end: pass'
check "sleep, events and computing" events.rna \
    'any(.threads[]; .sleep_ns >= 2e8 and .events_ns >= 1.9e8 and .computing_ns >= 5e7)'
exit 0
