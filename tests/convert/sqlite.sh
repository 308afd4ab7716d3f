#!/bin/bash
# SPDX-License-Identifier: MIT
# Recordings as SQLite databases: what sqlite3 finds in them is what rn-cat and rn-stat say.
set -u

. "$RN_TOP/tests/convert/checks.sh"
query() { sqlite3 "$@"; }

touch readable
(
    rn-record -q -o run.rna -- sh -c 'cat readable; cat missing; cd /; ls etc >/dev/null; (true); kill -USR1 $$'
    true
) >/dev/null 2>&1
"$RN_SAMPLES/generate_archive" -n 20000 big.rna
rn-convert -q -o run.db run.rna
rn-convert -q --to sqlite -o big.db big.rna
rn-cat --json run.rna >run.json
rn-cat --json big.rna >big.json

whole() {
    equal "integrity of $1.db" "$(query "$1.db" 'PRAGMA integrity_check')" ok
}
check "the databases are whole" eval 'whole run && whole big'

# Every event is a row: kind by kind, with its times.
by_json() {
    python3 - "$1" <<'END'
import collections, json, sys
counts, starts, durations = collections.Counter(), collections.Counter(), collections.Counter()
for line in open(sys.argv[1]):
    event = json.loads(line)
    if "ordinal" not in event:
        continue
    kind = event["kind"]
    counts[kind] += 1
    starts[kind] += int(event["start_ns"]) % 1000000007
    durations[kind] += int(event["duration_ns"])
for kind in sorted(counts):
    print(kind, counts[kind], starts[kind], durations[kind])
END
}
by_rows() {
    for pair in $(query "$1" "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"); do
        case $pair in recording | stream | process) continue ;; esac
        query -separator ' ' "$1" "SELECT '$pair', count(*), sum(start_ns % 1000000007), sum(duration_ns)
            FROM \"$pair\" WHERE ordinal IS NOT NULL HAVING count(*) > 0"
    done | sed 's/^process_event/process/' | sort
}
check "all events are there, to the nanosecond" equal rows "$(by_rows run.db)" "$(by_json run.json | sort)"
check "of a large recording too" equal rows "$(by_rows big.db)" "$(by_json big.json | sort)"

check "calls are summed as rn-stat does" equal summary \
    "$(query -separator ' ' run.db 'SELECT name, calls, errors FROM syscall_summary ORDER BY name')" \
    "$(rn-stat --json run.rna | python3 -c '
import json, sys
for row in sorted(json.load(sys.stdin)["groups"], key=lambda r: r["name"]):
    print(row["name"], row["calls"], row["errors"])')"

check "errno and path" equal rows \
    "$(query -separator ' ' run.db "SELECT full_path, name, errno, calls FROM errors_by_path WHERE full_path LIKE '%/missing'")" \
    "$PWD/missing openat ENOENT 1"
check "a relative path has its directory" equal rows \
    "$(query run.db "SELECT DISTINCT full_path FROM files_opened WHERE full_path IN ('$PWD/readable', '/etc') ORDER BY 1")" \
    "/etc
$PWD/readable"
check "bytes by file" equal rows \
    "$(query run.db "SELECT bytes_read > 0 FROM bytes_by_file WHERE fd_path LIKE '%/libc.so.6' OR fd_path LIKE '%/libc-%'")" 1
check "the tree of processes" equal tree \
    "$(query -separator ' ' run.db "SELECT depth, exit_code, exit_signal FROM process_tree" | sort)" \
    "0  10
1 0 
1 0 
1 0 
1 1 "
check "what a process runs" equal processes \
    "$(query -separator ' ' run.db "SELECT json_extract(argv, '\$[1]') FROM process WHERE exe LIKE '%/cat' ORDER BY 1")" \
    "missing
readable"
check "the signal" equal rows "$(query run.db "SELECT name FROM signal WHERE name = 'SIGUSR1'")" SIGUSR1
check "the recording" equal rows \
    "$(query run.db 'SELECT uuid, source, complete, lost FROM recording')" \
    "$(rn-info --json run.rna | python3 -c 'import json, sys; print(json.load(sys.stdin)["uuid"])')|0|1|0"

every_view() {
    for view in $(query big.db "SELECT name FROM sqlite_schema WHERE type = 'view'"); do
        query big.db "SELECT * FROM \"$view\" LIMIT 10" >view.out || return 1
    done
    [ "$(query big.db "SELECT count(*) FROM sqlite_schema WHERE type = 'view'")" -ge 12 ]
}
check "every view can be asked" every_view

# The manual page names every table, column and view.
documented() {
    local name missing=0
    query big.db "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')
        UNION SELECT c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'" >names
    while read -r name; do
        grep -qE "(^|[ ,.(])$name([ ,.)]|\$)" "$RN_TOP/man/rn-sqlite.5" || { echo "$name"; missing=1; }
    done <names
    return $missing
}
check "all is documented" documented

# Selection, as with all commands that read.
rn-convert -q -e openat -o part.db run.rna
check "a selection" equal names "$(query part.db 'SELECT DISTINCT name FROM syscall')" openat

# Devices: calls and what they launched, by correlation.
"$RN_SAMPLES/generate_device" device.rna >generate.out 2>&1
rn-convert -q -o device.db device.rna
launches() {
    equal kernels "$(query device.db 'SELECT count(*) FROM kernel')" \
        "$(rn-cat --json --kind kernel device.rna | wc -l)" &&
        equal bytes "$(query device.db 'SELECT CAST(sum(bytes) AS INTEGER) FROM transfer_summary')" \
            "$(rn-cat --json --kind transfer device.rna | python3 -c '
import json, sys
print(sum(json.loads(line)["args"]["bytes"] for line in sys.stdin))')" &&
        [ "$(query device.db 'SELECT count(*) > 0 FROM launches WHERE delay_ns >= 0')" = 1 ]
}
check "kernels, transfers and who launched them" launches

# A merged recording: where each event is from, and its edges.
rn-record -q -o one.rna -- sh -c 'true | cat'
rn-record -q -o two.rna -- true
rn-merge -q -o merged.rna one.rna two.rna
rn-convert -q -o merged.db merged.rna
merged() {
    equal recordings "$(query merged.db 'SELECT count(*), max(source) FROM recording')" '3|2' &&
        equal sources "$(query merged.db 'SELECT DISTINCT source FROM syscall ORDER BY 1')" $'1\n2' &&
        equal edges "$(query merged.db 'SELECT sum(edges) FROM edge_summary')" \
            "$(rn-cat --json --kind edge merged.rna | wc -l)"
}
check "a merged recording" merged

# Names that are no text are kept, as BLOBs; SQL in names is text like any other.
cat >odd.py <<'END'
import os
for name in [b"\xff\xfe", b"a'; DROP TABLE syscall; --", "\u00e9".encode(), b'q"q', b"\x1b[31m"]:
    try:
        os.open(b"/nonexistent/" + name, os.O_RDONLY)
    except OSError:
        pass
END
rn-record -q -o odd.rna -- python3 odd.py
rn-convert -q -o odd.db odd.rna
odd() {
    equal paths "$(query odd.db "SELECT typeof(path), hex(substr(path, 14)) FROM syscall
        WHERE hex(path) LIKE hex('/nonexistent/') || '%' ORDER BY ordinal")" "blob|FFFE
text|61273B2044524F50205441424C452073797363616C6C3B202D2D
text|C3A9
text|712271
text|1B5B33316D"
}
check "hostile names" odd

rn-record -q --stack=frame -o stack.rna -- true
told() {
    rn-convert -o stack.db stack.rna 2>told.out && grep -qE 'stacks left out: [0-9]+$' told.out
}
check "stacks that are left out are counted" told

# Failures: one line, exit status 2, nothing left behind.
mkdir out
fails "not to a pipe" 'cannot be written to a pipe' rn-convert --to sqlite -o - run.rna
fails "not to a device" 'regular file' rn-convert --to sqlite -o /dev/null run.rna
fails "not without a place" 'cannot write' rn-convert -o nowhere/run.db run.rna
fails "not of nothing" 'missing.rna' rn-convert --from rna -o out/missing.db missing.rna
head -c 20000 big.rna >cut.rna
cut_one() {
    rn-convert -o out/cut.db cut.rna >cut.out 2>&1
    [ $? = 2 ] && equal complete "$(query out/cut.db 'SELECT complete FROM recording')" 0
}
check "a cut recording says that it is" cut_one
interrupted() {
    "$RN_SAMPLES/generate_archive" -n 400000 long.rna
    rn-convert -q -o out/long.db long.rna &
    until ls out/long.db* >/dev/null 2>&1 || ! kill -0 $!; do :; done
    kill -TERM $!
    wait $!
    [ $? = 143 ] && ! ls out/long.db* 2>/dev/null
}
check "an interrupt leaves nothing" interrupted
