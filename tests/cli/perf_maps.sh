#!/bin/bash
# SPDX-License-Identifier: MIT
# Perf maps: code that a program makes while it runs gets the names that the program wrote down;
# from the file, if it is the program's, and from what is embedded.
set -u
fail() {
    echo "not ok - $*"
    exit 1
}
[ "$(uname -m)" = x86_64 ] || { echo "stacks are walked on x86-64 only"; exit 77; }
map=
trap 'rm -f "$map" "$map.kept"' EXIT

# record ARGUMENT...: record the program; where its map is comes into $map.
record() {
    [ -z "$map" ] || rm -f "$map" "$map.kept"
    map=$(rn-record --stack=frame -o out.rna "$@" "$RN_PROGRAMS/jit_code") || fail "not recorded: $*"
    [ -f "$map" ] || fail "no $map"
}
stack() {
    rn-cat -k -e getppid out.rna
}
named=' > LazyCompile:~g /app.js:7 (perf map) [0x'
is_named() {
    [[ $(stack) == *' > LazyCompile:~f /app.js:3 (perf map) [0x'*"$named"* ]] || fail "$1: not named: $(stack)"
}
refused() {
    [[ $(stack) != *"$named"* ]] || fail "$1: a name that it must not have: $(stack)"
    [[ $(stack) == *"$2"* ]] || fail "$1: no reason ($2): $(stack)"
}

for engine in inline ptrace; do
    record --engine=$engine --
    is_named "$engine"
done
rn-cat --json -k -e getppid out.rna |
    grep -q '"function":"LazyCompile:~f /app.js:3","provenance":"perf map","inlined":false' ||
    fail "JSON: $(rn-cat --json -k -e getppid out.rna)"
rn-stat --folded -e getppid out.rna | grep -q 'main;LazyCompile:~g /app.js:7;LazyCompile:~f /app.js:3;' ||
    fail "folded: $(rn-stat --folded -e getppid out.rna)"

# Other files of that name.
mv "$map" "$map.kept"
refused "gone" "its perf map is not there"
cp -p "$map.kept" "$map"
refused "a copy" "its perf map is another file"
rm "$map"
ln -s "$map.kept" "$map"
refused "a symbolic link" "its perf map is not there"
rm "$map"
mkfifo "$map"
refused "a fifo" "its perf map is "
record --
touch -d "now + 1 hour" "$map"
refused "changed later" "changed after the recording"
touch -d "now - 1 hour" "$map"
refused "from before" "older than it"
record --
if [ "$(id -u)" = 0 ]; then
    record --
    chown 12345 "$map"
    refused "of another user" "belongs to somebody else"
    echo "ok - a map of another user"
else
    echo "ok - a map of another user # SKIP that takes the rights of root"
fi

# What is embedded needs no file; what cannot be embedded is told.
record --
mv "$map" "$map.kept"
cp out.rna other.rna
rn-info --embed-symbols other.rna 2>message >/dev/null || fail "not embedded: without a map"
grep -q '^rn-info: other.rna: frames of code that a program made, without a name: 1 (its perf map is not' \
    message || fail "not told: $(cat message)"
mv "$map.kept" "$map"
rn-info --embed-symbols out.rna >/dev/null || fail "not embedded"
stack >with
rm "$map"
stack >without
cmp with without || fail "embedded names differ"
grep -qF "$named" without || fail "not embedded: $(cat without)"
rm -f "$map"
map=$(rn-record --symbols --stack=frame -o out.rna -- "$RN_PROGRAMS/jit_code")
rm "$map"
is_named "rn-record --symbols"

# Where the opening is not recorded, the file of the pid is taken.
record -e getppid --
is_named "without an opening"
touch -d "now - 1 hour" "$map"
[[ $(stack) != *"$named"* ]] || fail "a name from before the process"
# No map, no word of it.
rm -f "$map"
rn-record --stack=frame -o out.rna -- "$RN_PROGRAMS/jit_code" none >path
[ ! -e "$(cat path)" ] || fail "a map that nobody wrote"
[[ $(stack) != *"perf map"* ]] || fail "without a map: $(stack)"

# A process that sees another pid than the recorder does.
if unshare --pid --fork true 2>/dev/null; then
    record -- unshare --pid --fork
    [ "$map" = /tmp/perf-1.map ] || fail "pid namespace: $map"
    is_named "a pid namespace"
    echo "ok - a pid namespace"
else
    echo "ok - a pid namespace # SKIP unshare needs rights"
fi

if node --version >/dev/null 2>&1; then
    cat >app.js <<'EOF'
const fs = require('fs');
const file = fs.openSync('/dev/null', 'w');
function callWrite() { fs.writeSync(file, 'x'); }
for (let i = 0; i < 20000; i++) callWrite();
EOF
    rm -f "$map"
    rn-record --stack=frame --symbols -o out.rna -- node --perf-basic-prof app.js || fail "node"
    map=/tmp/perf-$(rn-cat --json -n 1 -e execve out.rna | sed 's/.*"pid":\([0-9]*\).*/\1/').map
    rm "$map" || fail "no map of node"
    rn-cat -k -e write out.rna | grep -q ' > [^ ]*callWrite .*app.js:3.* (perf map)' ||
        fail "node: $(rn-cat -k -e write out.rna | tail)"
    echo "ok - node"
else
    echo "ok - node # SKIP node is not installed"
fi
echo "ok - maps and tables"
