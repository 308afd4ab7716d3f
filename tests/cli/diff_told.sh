#!/bin/bash
# SPDX-License-Identifier: MIT
# rn-diff tells what differs in words that need no guessing, and points to the call that did it.
set -u
cat >make.py <<'END'
import os, sys
def make(name, mode, sync=False, text=b"text\n", flags=os.O_CREAT | os.O_WRONLY):
    fd = os.open(name, flags, mode)
    os.write(fd, text)
    if sync:
        os.fsync(fd)
    os.close(fd)
os.umask(0o022)
mode = 0o640 if "mode" in sys.argv else 0o644
os.close(os.open("empty", os.O_CREAT | os.O_WRONLY, mode))
make("one", 0o644, "sync" in sys.argv)
make("two", 0o644, "other" in sys.argv)
END
made() { # NAME ARGUMENT...
    local name=$1
    shift
    rm -rf work && mkdir work &&
        (cd work && rn-record -q -o "../$name.rna" -- python3 -S ../make.py "$@")
}
made plain && made mode mode && made sync sync && made other other || echo "not ok - python3 is recorded"

# says NAME LINE A B [OPTION...]
says() {
    local name=$1 line=$2 a=$3 b=$4
    shift 4
    if rn-diff "$@" "$a.rna" "$b.rna" | grep -q -e "$line"; then
        echo "ok - $name"
    else
        rn-diff "$@" "$a.rna" "$b.rna" | sed 's/^/# /'
        echo "not ok - $name"
    fi
}
echo 'keep durability' >rules
says "permissions of a file that is only made" '^First difference: file empty: permissions 0644 against 0640' plain mode
says "the call that gave them: A" '^-> .*openat(.*"empty".* 0644)' plain mode
says "the call that gave them: B" '^+> .*openat(.*"empty".* 0640)' plain mode
says "a sync that is missing leaves them equivalent" ^EQUIVALENT-MODULO sync plain
says "a sync that is missing is named" "^file one: A syncs what it wrote, B does not (equal by rule 'durability')" sync plain
says "as many syncs of other files are named" '^file two: B syncs what it wrote, A does not' sync other
says "as many syncs of other files use the rule" '^  durability  *1  *1 ' sync other
says "a sync counts where the rule is not used" '^DIFFERENT' sync plain --rules rules
says "a sync counts, also of another file" '^First difference: file one: A syncs' sync other --rules rules
says "the same syncs" '^IDENTICAL' sync sync --rules rules

echo old >file
rn-record -q -o gone.rna -- rm file
echo old >file
rn-record -q -o written.rna -- sh -c 'echo new >file'
says "a file that one side takes away" '^file file: A takes away what was there, B leaves one' gone written
