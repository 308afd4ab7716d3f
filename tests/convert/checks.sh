# SPDX-License-Identifier: MIT
# What the tests of conversions share; read by them.

# Tests change their directory.
checks_log=$PWD/check.log

# NAME COMMAND...: it succeeds.
check() {
    local name=$1
    shift
    if "$@" >"$checks_log" 2>&1; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        sed 's/^/# /' "$checks_log" | cut -c1-400 | tail -n 8
    fi
}

# NAME REGEX COMMAND...: it ends with 2, with one line that matches.
fails() {
    local name=$1 regex=$2 status
    shift 2
    "$@" >"$checks_log" 2>&1
    status=$?
    if [ $status = 2 ] && [ "$(wc -l <"$checks_log")" = 1 ] && grep -q -- "$regex" "$checks_log"; then
        echo "ok - $name"
    else
        echo "not ok - $name: status $status"
        sed 's/^/# /' "$checks_log" | cut -c1-400 | tail -n 8
    fi
}

# WHAT IT-IS IT-SHOULD-BE
equal() {
    [ "$2" = "$3" ] && return
    echo "$1 is"
    printf '%s\n' "$2"
    echo "and not"
    printf '%s\n' "$3"
    return 1
}

# A.rna B.rna: the same events, by kind, name, thread, start and duration.
same_events() {
    python3 - "$@" <<'E'
import json, subprocess, sys
def events(path):
    out = subprocess.run(["rn-cat", "--json", path], capture_output=True, text=True, check=True)
    return sorted((e["kind"], e.get("name", ""), e.get("pid", 0), e.get("tid", 0), e["start_ns"],
                   e["duration_ns"]) for e in map(json.loads, out.stdout.splitlines()))
a, b = map(events, sys.argv[1:])
assert a, "no events"
for x, y in zip(a, b):
    assert x == y, (x, y)
assert len(a) == len(b), (len(a), len(b))
E
}
