#!/bin/bash
# SPDX-License-Identifier: MIT
# --stack: what is kept with a call, by both engines; what is refused.
set -u
fail() {
    echo "$*"
    exit 1
}
[ "$(uname -m)" = x86_64 ] || { echo "stacks are walked on x86-64 only"; exit 77; }

# call ENGINE HOW: record the program; its getppid as JSON is in $call, what it printed in $printed.
call() {
    printed=$(rn-record --engine="$1" --stack="$2" -o out.rna -- "$RN_PROGRAMS/stack_frames") ||
        fail "the program failed under $1"
    call=$(rn-cat --json -e getppid out.rna)
}

for engine in ptrace inline; do
    call $engine frame
    read -r inner outer <<<"$printed"
    [[ $call == *"\"stack\":[\"$inner\",\"$outer\","* ]] || fail "$engine, frame: $printed; $call"
    rn-info out.rna | grep -q '^Stacks      frame$' || fail "rn-info does not say frame"

    call $engine dump:256
    read -r inner outer <<<"$printed"
    bytes=${call#*\"bytes_hex\":\"}
    bytes=${bytes%%\"*}
    [ ${#bytes} = 512 ] || fail "$engine: ${#bytes} digits of a dump"
    # The word at the stack pointer is the return address, lowest byte first.
    word=
    for i in 14 12 10 8 6 4 2 0; do word=$word${bytes:i:2}; done
    [ $((16#$word)) = $((inner)) ] || fail "$engine, dump: $word is not $inner"
    site=${call#*\"site\":\"}
    [[ $call == *"\"stack_dump\":{\"rip\":\"${site%%\"*}\",\"rsp\":"* ]] || fail "$engine: $call"
    rn-info --json out.rna | grep -q '"stack":"dump:256"' || fail "rn-info does not say dump"

    call $engine none
    [[ $call != *stack* ]] || fail "$engine, none: $call"
done
for wrong in '' frames dump dump: dump:7 dump:32769 dump:x; do
    rn-record --stack="$wrong" -o out.rna -- true 2>message
    [ $? = 125 ] || fail "--stack='$wrong' is taken"
    grep -q '^rn-record: --stack' message || fail "--stack='$wrong': $(cat message)"
done
