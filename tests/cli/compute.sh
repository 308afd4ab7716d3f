#!/bin/bash
# SPDX-License-Identifier: MIT
# Compute blocks and decisions of marked programs: each is in the recording, by itself or in an
# aggregate, whatever becomes of the program; and where nothing can be recorded a notice says so.
set -u
odd=$RN_PROGRAMS/blocks_odd blocks=$RN_PROGRAMS/blocks

# verdict NAME COMMAND...
verdict() {
    local name=$1
    shift
    if "$@"; then echo "ok - $name"; else echo "not ok - $name"; fi
}

# Blocks in a recording: recorded, counted, and stated lost.
blocks_in() {
    rn-stat -q --csv --by kind -e kind=block "$1" |
        awk -F, '$1 == "block" { sum += $5 } END { print sum + 0 }'
}
lost_in() {
    rn-info --json "$1" | python3 -c 'import json, sys
print(sum(loss["count"] or 0 for loss in json.load(sys.stdin)["losses"]))'
}
has_notice() { rn-info "$1" | grep -q "^Notice .*$2"; }

# exact RECORDING NUMBER
exact() {
    local there lost
    there=$(blocks_in "$1")
    lost=$(lost_in "$1")
    [ $((there + lost)) = "$2" ] || { echo "$2 blocks ran, $there are there, $lost are lost"; false; }
}

# odd_place ENGINE HOW [ARGUMENT]
odd_place() {
    local status=0 ran
    rn-record -q --simd --engine="$1" -o odd.rna -- "$odd" "${@:2}" >ran || status=$?
    [ $status = 0 ] || [ "$2" = kill ] || { echo "ended with $status"; return 1; }
    read -r ran <ran
    exact odd.rna "$ran"
}

# A jump out of a handler may come when the block is over and not yet counted by the program; and one
# out of the middle of a record leaves the ring as if it were in use for a while: what falls into that
# is stated lost.
jump_out() {
    local ran jumps there
    rn-record -q --simd --engine="$1" -o jump.rna -- "$odd" jump >ran || return
    read -r ran jumps <ran
    there=$(($(blocks_in jump.rna) + $(lost_in jump.rna)))
    [ "$there" -ge "$ran" ] && [ "$there" -le $((ran + jumps)) ] && return
    echo "$ran blocks ran, with $jumps jumps, $there are there or lost"
    false
}

for how in fork raw-fork vfork exec exec-thread die signals kill nested many; do
    for engine in inline ptrace; do
        verdict "blocks: $how, $engine" odd_place $engine $how
    done
done
for engine in inline ptrace; do
    verdict "blocks: jump out of a handler, $engine" jump_out $engine
done

cat >marked.c <<'END'
#include "rn_simd.h"
void blocks_of_library(int count);
void blocks_of_library(int count)
{
    for (int i = 0; i < count; i++) {
        RN_SIMD_BLOCK("library", i, 0, 0);
    }
}
END
gcc -shared -fPIC -O1 -I"$RN_TOP/capture/inject" -o marked.so marked.c
verdict "blocks: a library that is loaded and unloaded" odd_place inline dlopen ./marked.so

# sums NAME OPTION... -- ARGUMENT...: of `blocks`, which says how many there were.
sums() {
    local options=()
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    rn-record -q --simd "${options[@]}" -o sums.rna -- "$blocks" "${@:2}" >ran &&
        exact sums.rna "$(cat ran)"
}
verdict "sums: eight threads that flood their rings" sums -- 100000 8
verdict "sums: sixty threads" sums -- 20 60
verdict "sums: six hundred threads" sums -- 100 600
verdict "sums: a threshold" sums --threshold simd=1ms -- 20000 2
verdict "sums: a limit on overhead" sums --max-overhead 1% -- 100000 2 3000
verdict "sums: everything is recorded" sums --trace-all -- 50000 2
everything_is_there() { rn-info sums.rna | grep -q '^Events .* 200000 block' &&
    ! rn-info sums.rna | grep -q aggregate; }
verdict "with --trace-all there are no aggregates" everything_is_there

# The second is what the aggregates are by, and each says what it is.
aggregates_are_right() {
    rn-record -q --simd --threshold simd=1h -o agg.rna -- "$blocks" 300 1 5000000 >/dev/null
    rn-cat --json --kind aggregate agg.rna | python3 -c '
import json, sys
seconds, count = {}, 0
for line in sys.stdin:
    event = json.loads(line)
    args = event["args"]
    assert args["of"] == 7 and args["reason"] == 0, args
    assert args["count"] == sum(number for _, number in args["histogram"]), args
    assert args["min_ns"] * args["count"] <= args["sum_ns"] <= args["max_ns"] * args["count"], args
    if event["name"] == "inner":
        assert args["backend"] == 2 and args["elements"] == 64 * args["count"], args
        assert args["bytes"] == 512 * args["count"] and args["flops"] == 128 * args["count"], args
        assert args["min_ns"] >= 4900000, args
        seconds[event["since_start_ns"] // 1000000000] = args["count"]
    count += args["count"]
assert count == 600 and sum(seconds.values()) == 300 and len(seconds) >= 2, (count, seconds)'
}
verdict "aggregates: by operation and second, with histogram and sums" aggregates_are_right

# Cool: a burst, and then so few that they are recorded again.
cat >cool.c <<'END'
#include "rn_simd.h"
#include <unistd.h>
static void blocks(int count)
{
    for (int i = 0; i < count; i++) {
        RN_SIMD_BLOCK("wave", 1, 0, 0);
    }
}
int main(void)
{
    blocks(50000);
    for (int i = 0; i < 30; i++) {
        usleep(50000);
        blocks(10);
    }
    return 0;
}
END
gcc -O1 -I"$RN_TOP/capture/inject" -o cool cool.c
cools_down() {
    rn-record -q --simd -o cool.rna -- ./cool && exact cool.rna 50300 &&
        has_notice cool.rna 'wave is called too often' &&
        has_notice cool.rna 'wave is called less often'
}
verdict "an operation that is called too often is counted, and recorded again later" cools_down

# Off: the header needs nothing, in every kind of executable.
unrecorded() {
    [ "$(./kind 5)" = 10 ] && rn-record -q -o kind.rna -- ./kind 5 >/dev/null &&
        [ "$(blocks_in kind.rna)" = 0 ]
}
build() { gcc -O1 -I"$RN_TOP" "$@" -o kind "$RN_TOP/tests/programs/blocks.c" -pthread; }
recorded() { [ "$(rn-record -q --simd -o kind.rna -- ./kind 5)" = 10 ] && exact kind.rna 10; }
for flags in '-fPIE -pie' '-fno-pie -no-pie' '-O2 -flto'; do
    # shellcheck disable=SC2086 # a list of words
    verdict "$flags: not recorded without --simd" eval "build $flags && unrecorded"
    verdict "$flags: recorded" recorded
done
verdict "the header is C++, too" eval \
    "echo '#include <dlfcn.h>
#include \"rn_simd.h\"
int main() { { RN_SIMD_BLOCK(\"c++\", 1, 2, 3); } RN_SIMD_DECISION(\"a\", \"b\", \"c\", \"d\"); }' |
    g++ -Wall -Wextra -Werror -I$RN_TOP/capture/inject -x c++ -o cpp - && rn-record -q --simd -o \
    cpp.rna -- ./cpp && [ \$(blocks_in cpp.rna) = 1 ]"
# What cannot be recorded: the program runs on, and one notice says why.
told() {
    local wanted=$1
    shift
    "$@" >plain && rn-record -q --simd -o told.rna -- "$@" >recorded && cmp plain recorded &&
        [ "$(rn-info told.rna | grep -c "$wanted")" = 1 ]
}
for flags in -static -static-pie; do
    verdict "$flags: the program runs, and a notice says why" eval \
        "build $flags && told 'is linked statically' ./kind 5"
done
verdict "env -i: the program runs, and a notice says why" \
    told 'started without LD_PRELOAD' env -i "$blocks" 5
verdict "a program that is not marked: a notice" told 'no compute blocks' ls /
if echo 'int main(void) { return 0; }' | gcc -m32 -x c - -o m32 2>/dev/null; then
    verdict "a 32-bit program: a notice" told 'of another architecture' ./m32
else
    # The header of an executable is enough to know, and one can be made by hand.
    python3 - <<'END'
import struct
code = b"\xb8\x01\0\0\0\xbb\0\0\0\0\xcd\x80"  # exit(0)
head = b"\x7fELF\1\1\1" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, 0x8048054, 52, 0, 0, 52,
                                                32, 1, 0, 0, 0)
load = struct.pack("<IIIIIIII", 1, 0, 0x8048000, 0x8048000, 84 + len(code), 84 + len(code), 5, 4096)
open("m32", "wb").write(head + load + code)
END
    chmod +x m32
    verdict "a 32-bit program: a notice" told 'of another architecture' ./m32
fi

# SIGKILL of the recorder: all that was finished is there, before and after sealing.
recorder_killed() {
    local pid there ran
    rm -rf killed.rna*
    COUNTER_FILE=$PWD/counter rn-record -q --simd -o killed.rna -- "$blocks" 1000000000 2 200 \
        >/dev/null 2>&1 &
    pid=$!
    for _ in $(seq 200); do
        [ "$(od -An -tu8 -N8 counter 2>/dev/null | tr -d ' ')" -gt 100000 ] 2>/dev/null && break
        sleep 0.05
    done
    kill -9 $pid
    wait $pid 2>/dev/null
    # The program ends with its recorder, but not at once.
    while pgrep -f "^$blocks 1000000000 2 200" >/dev/null; do sleep 0.01; done
    ran=$(od -An -v -tu8 -w8 counter | awk '{ sum += $1 } END { printf "%d", 2 * sum }')
    there=$(blocks_in killed.rna.part)
    # Each of the two threads may have finished blocks that it had not counted yet.
    if [ "$there" -lt "$ran" ] || [ "$there" -gt $((ran + 4)) ]; then
        echo "$ran blocks ran, $there are there"
        return 1
    fi
    rn-info -q --seal killed.rna.part >/dev/null && [ "$(blocks_in killed.rna)" = "$there" ]
}
verdict "SIGKILL of the recorder: what was finished is there" recorder_killed
