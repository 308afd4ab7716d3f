#!/bin/bash
# SPDX-License-Identifier: MIT
# The critical path of real programs: what must be on it, whatever the times are.
set -u
command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }

# Links touch, begin with the program and end with it; a link that is not the first was entered through
# an edge; sums are those of the links.
cat >valid.jq <<'END'
(.links | length) as $count
| ([.links[].duration_ns] | add) as $sum
| (.link_count == $count)
  and .links[0].entered == "begin" and .links[0].stream == 1 and .links[-1].stream == 1
  and all(.links[1:][]; .entered != "begin" and .entered != "unknown")
  and all(range(1; $count) as $i
          | .links[$i].start_ns - .links[$i - 1].start_ns - .links[$i - 1].duration_ns;
          . >= -1000 and . <= 1000)
  and ($sum - .duration_ns) <= $count and (.duration_ns - $sum) <= $count
  and ([.work[].duration_ns] | add) - .duration_ns <= 1000
  and all(.links[]; .working_ns <= .duration_ns)
END

# check NAME RECORDING CONDITION...: the path is valid, and each condition of jq holds.
check() {
    local name=$1 recording=$2 problem=
    shift 2
    rn-stat --critical-path --json "$recording" >path.json || problem="rn-stat fails"
    jq -e -f valid.jq path.json >/dev/null || problem="not valid"
    for condition; do
        jq -e "$condition" path.json >/dev/null || problem="not $condition"
    done
    rn-stat --critical-path "$recording" >path.txt || problem="no text"
    if [ -z "$problem" ]; then
        echo "ok - $name"
    else
        cat path.txt path.json
        echo "not ok - $name: $problem"
    fi
}

# A pipeline of slow stages: each waits for the one before it.
rn-record -q -o pipe.rna -- sh -c \
    'echo word | sh -c "read -r word; sleep 1; echo \$word" | sh -c "read -r word; sleep 1"'
check "pipeline" pipe.rna \
    'any(.threads[]; .program == "sleep")' \
    'any(.work[]; .name == "clock_nanosleep" and .count == 2)' \
    '[.links[].entered] | contains(["fork", "pipe", "exit"])'

# Two jobs side by side: what follows waits for the longer one.
printf 'all: a b\n\ttrue\na:\n\tsleep 1\nb:\n\ttrue\n' >Makefile
if command -v make >/dev/null; then
    rn-record -q -o make.rna -- make -s -j2
    check "make -j2" make.rna \
        'any(.threads[]; .program == "sleep")' \
        '[.links[].entered] | contains(["fork", "exit"])'
else
    echo "ok - make -j2 # SKIP make is not installed"
fi

# Threads: the one that waits is not what takes the time.
rn-record -q -o pool.rna -- "$RN_PROGRAMS/thread_pool"
check "threads that wait on a futex" pool.rna \
    'any(.links[]; .entered == "futex" and .stream == 1)' \
    'any(.links[]; .stream == 2 and .mostly == "clock_nanosleep")'

# Patterns in what really happens. A byte at a time, and each line made durable.
rn-record -q -o tight.rna -- dd if=/dev/zero of=/dev/null bs=1 count=1 status=none
rn-record -q -o loop.rna -- python3 -c 'import os
fd = os.open("/dev/zero", os.O_RDONLY)
for i in range(300000): os.read(fd, 1)'
check "a tight loop" loop.rna \
    'any(.patterns[]; .pattern == "tight-loop" and .name == "read" and .calls >= 300000
                      and .bytes >= 300000)'
check "none" tight.rna 'all(.patterns[]; .pattern != "tight-loop")'
rn-record -q -o sync.rna -- python3 -c 'import os
log = os.open("log", os.O_WRONLY | os.O_CREAT)
direct = os.open("direct", os.O_WRONLY | os.O_CREAT | os.O_DSYNC)
for i in range(100): os.write(log, b"line\n"); os.fsync(log); os.write(direct, b"x" * 100)
for i in range(100): os.write(log, b"line\n")'
check "small synchronous writes" sync.rna \
    'any(.patterns[]; .pattern == "small-synchronous-writes" and .writes == 200
                      and .bytes == 10500 and .path_writes == 100)'
exit 0
