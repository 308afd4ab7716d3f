#!/bin/bash
# SPDX-License-Identifier: MIT
# Who can write where a recording is made or read, as in /tmp, puts links, pipes or directories there.
set -u
verdict() {
    local name=$1
    shift
    if "$@"; then echo "ok - $name"; else echo "not ok - $name: $(cat messages)"; fi
}
# refuses STATUS WORDS COMMAND...: one line with the words, at once.
refuses() {
    local status=$1 words=$2
    shift 2
    timeout 20 "$@" >out 2>messages
    [ $? = "$status" ] && [ "$(wc -l <messages)" = 1 ] && grep -q -e "$words" messages
}
# spares COMMAND...: it is refused, and what the user had is as it was.
spares() {
    refuses "$@" && [ "$(cat victim)" = precious ] && [ ! -e run.rna ]
}
echo precious >victim
echo '1 read(0, "", 1) = 0' >calls.txt
mkdir run.rna.part

ln -s ../victim run.rna.part/archive
verdict "a link in the place of the archive: rn-convert" spares 2 'is a link' rn-convert -o run.rna calls.txt
verdict "a link in the place of the archive: rn-record" spares 125 'is a link' rn-record -o run.rna -- true
verdict "a link in the place of the archive: rn-info --seal" spares 2 'is a link' rn-info --seal run.rna
ln -f victim run.rna.part/archive
verdict "another name of a file in the place of the archive" spares 125 'is a link' rn-record -o run.rna -- true
ln -sf ../elsewhere run.rna.part/archive
verdict "a link that leads nowhere" spares 125 'is a link' rn-record -o run.rna -- true
[ ! -e elsewhere ] || echo "not ok - what it leads to was made"
rm run.rna.part/archive
echo notes >run.rna.part/archive
verdict "a file that is no recording" refuses 125 'is no recording: remove it' rn-record -o run.rna -- true
[ "$(cat run.rna.part/archive)" = notes ] || echo "not ok - the file that is no recording is gone"
rm -r run.rna.part
mkdir elsewhere
ln -s elsewhere run.rna.part
verdict "a link in the place of the directory" refuses 125 'no directory' rn-record -o run.rna -- true
rm run.rna.part
mkdir run.rna.part
: >run.rna.part/archive
verdict "an archive that holds nothing is taken" rn-record -o run.rna -- true
if [ "$(id -u)" = 0 ]; then
    mkdir theirs.rna.part && chown 12345 theirs.rna.part
    verdict "another user's directory" refuses 125 'is not yours' rn-record -o theirs.rna -- true
else
    echo "ok - another user's directory # SKIP only root can make one"
fi

mkdir pipe.part
mkfifo pipe.part/archive
for command in rn-info rn-cat rn-stat; do
    verdict "a pipe in the place of the archive: $command" refuses 2 'no regular file' $command pipe.part
done
mkdir runs
cp run.rna runs/a.rna
mkfifo runs/b.rna
compares() { timeout 20 rn-stat --compare runs run.rna >messages 2>&1; [ $? -le 1 ]; }
verdict "a pipe among the recordings of a directory" compares
verdict "an empty name" refuses 125 'empty name' rn-record -o '' -- true
[ ! -e .part ] || echo "not ok - an empty name leaves a directory"
