#!/bin/bash
# SPDX-License-Identifier: MIT
# Recordings as Avro data sets, read by others: avsc of npm, avrocat of libavro's tools.
set -u

. "$RN_TOP/tests/convert/checks.sh"
files() { (cd "$1" && find . -type f -name '*.avro' | sort); }
uuid_of() { rn-info --json "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["uuid"])'; }

rn-record -q -o one.rna -- sh -c 'cat missing; ls / >/dev/null' >/dev/null 2>&1
rn-record -q -o two.rna -- true
"$RN_SAMPLES/generate_archive" -n 20000 big.rna
rn-convert -q --to avro --partition day,host -o set one.rna || echo "not ok - a data set is made"

layout() {
    local host
    host=$(uname -n)
    files set | grep -qxE "\./syscall/day=[0-9]{4}-[0-9]{2}-[0-9]{2}/host=$host/$(uuid_of one.rna)-[0-9]+\.avro" ||
        { files set; return 1; }
    equal "what is hidden" "$(find set -name '.*' -not -name .)" ""
}
check "the layout" layout

# Again, and another one beside it: each replaces its own files.
again() {
    local before
    before=$(files set)
    rn-convert -q --to avro --partition day,host -o set one.rna || return 1
    equal files "$(files set)" "$before" || return 1
    rn-convert -q -e openat --to avro --partition day,host -o set two.rna
    rn-convert -q --to avro --partition day,host -o set two.rna
    rn-convert -q -e openat --to avro --partition day,host -o set two.rna
    rn-convert -q --to avro --partition day,host -o set one.rna
    equal "files of the first" "$(files set | grep "$(uuid_of one.rna)")" "$before" &&
        equal "recordings" "$(ls set/_recordings | sort)" \
            "$(printf '%s\n' "$(uuid_of one.rna)" "$(uuid_of two.rna)" | sort)"
}
check "converting again replaces what was there" again
side_by_side() {
    local i
    for i in one two big one two big; do
        rn-convert -q --to avro --partition day,host -o many $i.rna &
    done
    wait
    for i in one two big; do
        rn-convert -q --to avro --partition day,host -o alone $i.rna
    done
    equal files "$(files many)" "$(files alone)" && diff -r many/_recordings alone/_recordings &&
        equal "what is hidden" "$(find many -name '.*' -not -name .)" ""
}
check "conversions side by side" side_by_side
rm -rf set
rn-convert -q --to avro -o set one.rna
check "without partitions" equal file "$(files set | grep syscall)" \
    "$(printf './syscall/%s-2.avro' "$(uuid_of one.rna)")"
moved() {
    rn-convert -q --to avro --partition day -o set one.rna
    files set | grep -q '^\./syscall/day=[^/]*/[^/]*$' && ! files set | grep -q '^\./syscall/[^/]*$'
}
check "other partitions replace those before" moved

# What a host calls itself stays within its directory.
cat >hosts.py <<'END'
import io, json, sys, tarfile
def renamed(source, target, host, uuid):
    with tarfile.open(source) as old, tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as new:
        for member in old:
            data = old.extractfile(member).read()
            if member.name == "manifest.json":
                manifest = json.loads(data)
                manifest["host"] = host
                manifest["uuid"] = uuid
                data = json.dumps(manifest).encode()
                member.size = len(data)
            new.addfile(member, io.BytesIO(data))
hosts = ["../../../escaped", "/absolute", ".hidden", "a b=c%", "x" * 5000, "line\nbreak"]
for i, host in enumerate(hosts):
    renamed("one.rna", f"host{i}.rna", host, "00000000-0000-4000-8000-00000000000%d" % i)
END
hostile() {
    local i
    python3 hosts.py || return 1
    mkdir deep deep/down
    for i in 0 1 2 3 4 5; do
        rn-convert -q --to avro --partition host -o deep/down/set host$i.rna || return 1
    done
    equal "what is beside the data set" "$(ls -A . deep deep/down | grep -cE 'escaped|absolute')" 0 &&
        equal hosts "$(ls -A deep/down/set/syscall | cut -c1-40 | LC_ALL=C sort)" \
            "host=%2Fabsolute
host=..%2F..%2F..%2Fescaped
host=.hidden
host=a%20b%3Dc%25
host=line%0Abreak
host=$(printf 'x%.0s' {1..35})"
}
check "hostile host names" hostile

# Many hosts and days in one merged recording.
merged() {
    rn-merge -q -o merged.rna one.rna two.rna
    rn-convert -q --to avro --partition day,host -o merged merged.rna &&
        equal files "$(files merged | grep -c /syscall/)" 1 || return 1
    rn-merge -q -o hosts.rna host1.rna host2.rna
    rn-convert -q --to avro --partition host -o hosts hosts.rna &&
        equal hosts "$(ls -A hosts/syscall | sort)" $'host=%2Fabsolute\nhost=.hidden'
}
check "a merged recording" merged

fails "not to a pipe" 'is a directory' rn-convert --to avro -o - one.rna
fails "not over a file" 'one.rna' rn-convert --to avro -o one.rna two.rna
fails "no other partition" "not 'hour'" rn-convert --to avro --partition hour -o set one.rna
interrupted() {
    "$RN_SAMPLES/generate_archive" -n 600000 long.rna
    rn-convert -q --to avro -o long long.rna &
    until ls -d long/.[0-9]* >/dev/null 2>&1 || ! kill -0 $!; do :; done
    kill -TERM $!
    wait $!
    [ $? = 143 ] && equal "what is left" "$(find long -mindepth 1)" ""
}
check "an interrupt leaves nothing" interrupted

# Read by others, and counted.
rn-convert -q --to avro --partition day,host -o read one.rna
rn-convert -q --to avro --partition day,host -o read big.rna
expected() { # what count.js says, of the same recordings
    cat <(rn-cat --json one.rna) <(rn-cat --json big.rna) | python3 -c '
import collections, json, sys
counts, duration, errors = collections.Counter(), 0, 0
for line in sys.stdin:
    event = json.loads(line)
    kind = event["kind"].replace("process", "process_event")
    counts[kind] += 1
    duration += int(event["duration_ns"])
    errors += "errno" in event
for kind in sorted(counts):
    print(kind, counts[kind])
print("duration", duration)
print("errors", errors)'
}
counted() { # of files, by avsc
    find read -name '*.avro' -print0 | xargs -0 node "$RN_TOP/tests/convert/avsc/count.js" |
        python3 -c '
import json, sys
result = json.load(sys.stdin)
for table, rows in sorted(result["tables"].items()):
    if table not in ("recording", "stream"):
        print(table, rows)
print("duration", result["duration"])
print("errors", result["errors"])
assert len(result["recordings"]) == 2, result["recordings"]
assert "missing" in result["paths"]'
}
peers=$RN_BUILD/avsc
install_avsc() {
    command -v node >/dev/null && command -v npm >/dev/null || return
    [ -d "$peers/node_modules/avsc" ] && return
    mkdir -p "$peers"
    cp "$RN_TOP"/tests/convert/avsc/package*.json "$peers"
    (cd "$peers" && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1)
}
if install_avsc; then
    export NODE_PATH=$peers/node_modules
    check "avsc reads and counts it" equal counts "$(counted)" "$(expected)"
else
    echo "ok - avsc reads and counts it # SKIP node and npm cannot install avsc here"
fi

if command -v avrocat >/dev/null; then
    by_avrocat() {
        find read/syscall -name '*.avro' -exec avrocat {} \; >cat.out || return 1
        equal calls "$(wc -l <cat.out)" \
            "$(($(rn-cat --json --kind syscall one.rna | wc -l) + $(rn-cat --json --kind syscall big.rna | wc -l)))" &&
            grep -q '"path": {"string": "missing"}' cat.out
    }
    check "avrocat reads it" by_avrocat
else
    echo "ok - avrocat reads it # SKIP avrocat is not installed (avro-bin)"
fi
