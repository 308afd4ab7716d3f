#!/bin/bash
# SPDX-License-Identifier: MIT
# rn-convert that is interrupted leaves nothing: neither beside OUT nor in TMPDIR.
. "$RN_TOP/tests/convert/checks.sh"
export TMPDIR=$PWD/temporary
mkdir temporary out
mkfifo slow

lines() {
    python3 -c '
for i in range(20000):
    print(f"1234 {1700000000 + i * 1e-3:.6f} read(3, \"x\", 1) = 1 <0.000010>")'
}
# PATTERN SIGNAL COMMAND...: it is sent the signal once there is such a path.
interrupted() {
    local pattern=$1 signal=$2 pid
    shift 2
    "$@" >messages 2>&1 &
    pid=$!
    until compgen -G "$pattern" >/dev/null || ! kill -0 $pid 2>/dev/null; do :; done
    kill -"$signal" $pid
    wait $pid
    [ $? = $((128 + $(kill -l "$signal"))) ] || { echo "it did not end by SIG$signal" && return 1; }
    find out temporary -mindepth 1 >left
    cat messages left
    [ ! -s messages ] && [ ! -s left ]
}
# The same of one whose input does not end.
stalled() {
    local status writer
    exec 8<>slow
    lines >slow &
    writer=$!
    interrupted "$@"
    status=$?
    kill $writer 2>/dev/null
    wait $writer 2>/dev/null
    exec 8>&-
    return $status
}
for signal in TERM HUP; do
    check "an import, SIG$signal" stalled 'out/run.rna.part/archive' $signal \
        rn-convert --from strace -o out/run.rna slow
    check "from another format to another one, SIG$signal" \
        stalled 'temporary/rn-convert.*/recording.rna.part/archive' $signal \
        rn-convert --from strace --to chrome -o out/run.json slow
done

# What was there, and is none of the import's, stays.
mkdir beside
others() {
    mkdir beside/run.rna.part && touch beside/run.rna.part/mine
    stalled 'beside/run.rna.part/archive' TERM rn-convert --from strace -o beside/run.rna slow
    [ "$(find beside -type f)" = beside/run.rna.part/mine ]
}
check "a directory of others keeps what it holds" others

"$RN_SAMPLES/generate_archive" -n 400000 long.rna
check "to CTF" interrupted 'out/trace.*/stream' TERM rn-convert --to ctf -o out/trace long.rna
check "to CSV" interrupted 'out/run.csv.*' TERM rn-convert --to csv -o out/run.csv long.rna
if rn-convert --list | sed '/^to:/,$d' | grep -q '^  ctf '; then
    rn-convert -q --to ctf -o trace long.rna
    check "from CTF, what can be salvaged" interrupted 'temporary/rn-convert.*/*' TERM \
        rn-convert --keep-going -o out/run.rna trace
fi
