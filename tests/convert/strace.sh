#!/bin/bash
# SPDX-License-Identifier: MIT
# Output of the real strace, made here with its options, becomes a recording: it reads like the
# input, holds the same truth as a recording of the same program, and compares like one.
set -u
lines=$RN_TOP/tests/convert/strace_lines
export LC_ALL=C.UTF-8 TZ=UTC0
command -v strace >/dev/null || {
    echo "ok - all of it # SKIP strace is not installed"
    exit 0
}
if ! strace -o /dev/null true 2>/dev/null; then
    echo "ok - all of it # SKIP strace cannot trace here"
    exit 0
fi

ok() { # STATUS NAME
    if [ "$1" = 0 ]; then echo "ok - $2"; else echo "not ok - $2"; fi
}
same() { # NAME EXPECTED GOT
    if [ "$2" = "$3" ]; then
        echo "ok - $1"
    else
        printf '# expected %s\n# got %s\nnot ok - %s\n' "$2" "$3" "$1"
    fi
}
# The calls of a text, and of a recording.
text_calls() {
    grep -cE '(= (-?[0-9]|\?|0x).*|<unfinished \.\.\.>)$' "$1"
}
calls() {
    rn-cat --kind syscall "$1" | wc -l
}
script='echo three >a; echo one >b; cat a b | sort >c; (exit 3); ls nothing 2>/dev/null; kill -TERM $$'

# ---- it reads like the input: nothing may differ but what is named here ----
mkdir repo
(cd repo && git init -q . && echo x >file && git add file) 2>/dev/null
reads_like() { # NAME PERCENT RN_CAT_OPTIONS STRACE_OPTIONS COMMAND...
    local name=$1 least=$2 shows=$3 traces=$4 result count all
    shift 4
    # shellcheck disable=SC2086
    strace -f $traces -o text.strace "$@" >/dev/null 2>&1 </dev/null
    if ! rn-convert -q -o text.rna text.strace; then
        echo "not ok - $name"
        return
    fi
    # shellcheck disable=SC2086
    result=$("$lines" text.strace text.rna $shows)
    read -r count _ all <<<"$(tail -n 1 <<<"$result")"
    printf '%s\n' "$result" | head -n -1
    echo "# $name: $count of $all lines are the same"
    [ "$((count * 1000))" -ge "$((all * least * 10))" ] && [ "$all" -gt 0 ]
    ok $? "$name"
}
reads_like "ls" 100 "" "" ls -l /etc
reads_like "git status" 100 "" "" git -C repo status
reads_like "python3" 100 "" "" python3 -c 'import threading, os
t = threading.Thread(target=os.getcwd); t.start(); t.join()'
reads_like "a pipeline of bash" 100 "" "" bash -c "$script"
reads_like "whole strings" 100 "-s 100000" "-s 100000" bash -c "$script"
reads_like "no strings" 100 "-s 0" "-s 0" bash -c "$script"
reads_like "-v" 100 "" "-v" bash -c "$script"
reads_like "-x" 100 "" "-x" bash -c "$script"
reads_like "-qq" 100 "" "-qq" bash -c "$script"
reads_like "-tt -T" 100 "-tt -T" "-tt -T" bash -c "$script"
reads_like "-ttt -T -i" 100 "-ttt -T -i" "-ttt -T -i" bash -c "$script"
reads_like "-t" 100 "-t" "-t" bash -c "$script"
# Numbers come out by their names, bytes that can be printed as they are.
reads_like "-X verbose" 95 "" "-X verbose" bash -c "$script"
# rn-cat names a file as it was opened, strace after what /proc says.
reads_like "-y of a directory without links" 60 "-y -s 100000" "-y -s 100000" \
    bash -c "cd -P . && $script"

# ---- every option: all calls are there ----
begin='^[0-9]+(<[^>]*>)? +([0-9][0-9:.]* )?(\(\+ *[0-9.]+\) )?(\[[^]]*\] )*[a-z_0-9]+\('
option() { # NAME OPTION...
    local name=$1
    shift
    strace "$@" -o option.strace bash -c "$script" 2>/dev/null
    if rn-convert -q -o option.rna option.strace; then
        same "$name" "$(grep -cE "$begin" option.strace)" "$(calls option.rna)"
    else
        echo "not ok - $name"
    fi
}
for options in -t -tt -ttt -r "-r -tt" -T "-ttt -T" -y -yy -i -n "-i -n -T" -s0 "-s 4096" -x -xx -v \
    "-X raw" "-X verbose" -C -k -Y "--decode-pids=comm,pidns" -q -qq -qqq "-a 8" \
    "--absolute-timestamps=format:unix,precision:ns" "--absolute-timestamps=precision:ms" \
    "--relative-timestamps=ns -T" "--syscall-times=ns" "-e trace=%file" "-e signal=none"; do
    # shellcheck disable=SC2086
    option "strace -f $options" -f $options
done
# With -f and -z, strace 6.1 leaves out the begins of calls that were interrupted, by chance.
strace -z -o option.strace ls / >/dev/null
rn-convert -q -o option.rna option.strace
same "strace -z" "$(text_calls option.strace)" "$(calls option.rna)"
rm -f one.*
strace -ff -tt -o one bash -c "$script" 2>/dev/null
bad=0
for one in one.[0-9]*; do
    rn-convert -q -o one.rna "$one" || bad=1
    same "-ff: the calls of $(wc -l <"$one" | tr -d ' ') lines" "$(text_calls "$one")" "$(calls one.rna)" |
        grep '^not ok' && bad=1
    grep -q "set_tid_address\|getpid" "$one" &&
        [ "$(rn-cat one.rna | head -n 1 | cut -d' ' -f1)" != "${one#one.}" ] && bad=1
done
ok $bad "-ff: a file a process, with its number where a call told it"

strace -f -o plain.strace bash -c "$script" 2>/dev/null
rn-convert -q -o plain.rna plain.strace

# Without -o, messages stand in the middle of lines.
strace -f bash -c "$script" >/dev/null 2>stderr.strace
rn-convert -q -o stderr.rna stderr.strace
same "-f on stderr: the calls" "$(grep -cE '^(\[pid +[0-9]+\] )?[a-z_0-9]+\(' stderr.strace)" \
    "$(calls stderr.rna)"
same "-f on stderr: who made whom" \
    "$(rn-cat plain.rna | grep -c 'exited\|killed')" "$(rn-cat stderr.rna | grep -c 'exited\|killed')"

# ---- processes ----
strace -f -ttt -T -o tree.strace sh -c '(sleep 0.01 & wait) & (true | cat) & wait' </dev/null
rn-convert -q -o tree.rna tree.strace
who_made_whom() { # NAME TEXT RECORDING
    sed -nE 's/^([0-9]+) +([0-9.]+ )?((v?fork|clone3?)\(|<\.\.\. (v?fork|clone3?) resumed>).*= ([0-9]+)( <.*>)?$/\1 \6/p' "$2" |
        sort >made
    rn-cat --json --kind process "$3" | grep '"name":"fork"' |
        sed -E 's/.*"pid":[0-9]+,"tid":([0-9]+),.*"child_tid":([0-9]+).*/\1 \2/' | sort >told
    [ -s made ] && diff made told | sed 's/^/# /'
    cmp -s made told
    ok $? "$1"
}
who_made_whom "who made whom" tree.strace tree.rna
# Several calls make a thread at the same time: children wait to be told apart.
seq 20 | strace -f -o crowd.strace xargs -P 8 -I{} sh -c 'true | cat; (exit 1) & wait' 2>/dev/null
rn-convert -q -o crowd.rna crowd.strace
who_made_whom "a crowd: who made whom" crowd.strace crowd.rna
same "a crowd: every call" "$(grep -cE "$begin" crowd.strace)" "$(calls crowd.rna)"
# By which of the ways it does is a question of how long each took. When a call ended is known to some
# microseconds: now and then that is before the exit that it waited for, and there is no way at all.
crosses() {
    for _ in 1 2 3 4 5; do
        rn-stat --critical-path tree.rna >path.txt && grep -qE ' (exit|fork|pipe)\??  ' path.txt && return
        strace -f -ttt -T -o tree.strace sh -c '(sleep 0.01 & wait) & (true | cat) & wait' </dev/null
        rn-convert -q -o tree.rna tree.strace
    done
    return 1
}
crosses
ok $? "a critical path crosses the processes"
cat >exec.py <<'END'
import os, threading
t = threading.Thread(target=lambda: os.execv("/bin/true", ["true"]))
t.start()
t.join()
END
strace -f -o exec.strace python3 exec.py
rn-convert -q -o exec.rna exec.strace
same "a thread executes a program: the leader goes on" \
    "$(tail -n 1 exec.strace | cut -d' ' -f1) exited with 0" \
    "$(rn-cat exec.rna | grep -v notice | tail -n 1 | sed 's/ .*+++ \(exited with 0\).*/ \1/')"
sleep 30 &
sleeping=$!
strace -p $sleeping -o attach.strace 2>/dev/null &
tracing=$!
for _ in $(seq 200); do
    grep -q 'TracerPid:[[:space:]]*0$' /proc/$sleeping/status || [ ! -s attach.strace ] || break
    sleep 0.05
done
kill -INT $tracing
wait $tracing 2>/dev/null
kill $sleeping
rn-convert -q -o attach.rna attach.strace
same "-p: a call that strace left" 1 "$(rn-cat attach.rna | grep -c '+++ detached')"

# ---- content ----
written() { # RECORDING: length and fingerprint of what was written to the file
    rn-cat --json -e write "$1" | grep '"fd":1,' | grep -o '"length":[0-9]*,"crc64":"[0-9a-f]*"'
}
seq 100000 >numbers
strace -s 100000 -o content.strace dd if=numbers of=copy bs=10000 count=3 2>/dev/null
rn-convert -q -o content.rna content.strace
rn-record -q -o recorded.rna -- dd if=numbers of=copy bs=10000 count=3 2>/dev/null
[ "$(written content.rna | wc -l)" = 3 ]
ok $? "content that was printed has fingerprints"
same "the same as when it is recorded" "$(written recorded.rna)" "$(written content.rna)"
strace -s 10 -o cut.strace dd if=numbers of=copy bs=10000 count=3 2>/dev/null
rn-convert -q -o cut.rna cut.strace
same "what was cut has none" "" "$(written cut.rna)"

# ---- comparing ----
compares() { # NAME STATUS VERDICT A B
    local status verdict
    rn-diff "$4" "$5" >verdict
    status=$?
    verdict=$(head -n 1 verdict | sed 's/-MODULO.*//; s/:.*//; s/IDENTICAL/EQUIVALENT/')
    [ "$status $verdict" = "$2 $3" ] || sed 's/^/# /' verdict | head -n 20
    same "$1" "$2 $3" "$status $verdict"
}
program='echo hello >out; tr a-z A-Z <out >up; (echo x; echo y) | sort -r >list; rm out'
for i in 1 2; do
    rm -rf w && mkdir w
    (cd w && strace -f -s 100000 -o ../$i.strace sh -c "$program")
    rn-convert -q -o $i.rna $i.strace
done
rm -rf w && mkdir w
(cd w && strace -f -s 100000 -o ../other.strace sh -c "${program/hello/other}")
rn-convert -q -o other.rna other.strace
rm -rf w && mkdir w
(cd w && rn-record -q -o ../recorded.rna -- sh -c "$program")
compares "the same program: equivalent" 0 EQUIVALENT 1.rna 2.rna
compares "another one: different" 1 DIFFERENT 1.rna other.rna
compares "strace and a recording: equivalent" 0 EQUIVALENT 1.rna recorded.rna
sed 's/"HELLO\\n", 6/"HEL"..., 6/' 1.strace >unknown.strace
rn-convert -q -o unknown.rna unknown.strace
compares "content that was cut: not told" 2 INCONCLUSIVE 1.rna unknown.rna

# ---- the same truth ----
"$RN_TOP/tests/convert/strace_truth" "$RN_BUILD" ls pipeline python-fork signals git threads

# ---- recognised, packed, from a pipe ----
rn-convert --list | grep -q '^ *strace'
ok $? "rn-convert --list"
gzip -k plain.strace && rn-convert -q -o packed.rna plain.strace.gz &&
    rn-convert -q -o - - <plain.strace >pipe.rna
ok $? "packed, and from a pipe"
same "the same calls in all of them" "$(calls plain.rna)" "$(calls packed.rna)"
same "and from the pipe" "$(calls plain.rna)" "$(calls pipe.rna)"

# ---- malformed ----
sed '20s/.*/what is this/' plain.strace >bad.strace
rn-convert -o bad.rna bad.strace 2>error
same "a line that is none of strace: refused" "2 1" "$? $(grep -c 'line 20' error)"
[ ! -e bad.rna ]
ok $? "nothing is left"
rn-convert -q --keep-going -o bad.rna bad.strace 2>error
status=$?
same "--keep-going" "1 $(($(calls plain.rna) - 1))" "$status $(calls bad.rna)"
head -c 20000 plain.strace >cut.strace
rn-convert -q --keep-going -o cut.rna cut.strace 2>error
[ -s cut.rna ] && rn-cat cut.rna >/dev/null
ok $? "a text that was cut"
printf 'read(3, "\\777\\x", 99999999999999999999999) = 0\nopen("a", O_RDONLY|O_NEW) = 184467440737095516159\nwrite(1, "a", 1) = 1\n' >huge.strace
rn-convert -q --keep-going --from strace -o huge.rna huge.strace 2>error
same "numbers that are too large" 2 "$(calls huge.rna)"
printf '%s.000000 getpid() = 1\n' 1732500000 1732100000 1732500001 >far.strace
rn-convert -o far.rna far.strace 2>error
same "a time days before the first one: refused" "2 1" "$? $(grep -c 'far.strace: an event is' error)"
rn-convert -q --keep-going -o far.rna far.strace 2>error
same "with --keep-going left out" "1 2" "$? $(calls far.rna)"
true
