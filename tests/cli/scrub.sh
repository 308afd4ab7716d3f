#!/bin/bash
# SPDX-License-Identifier: MIT
# rn-scrub: planted secrets are gone from every byte, and rn-diff answers as before.
set -u
fail() {
    echo "$*"
    exit 1
}
# Another run of this test may be at work, and abstract names are for all; 15 bytes name a thread.
secret=Xyz$$plug

mkdir -p "home/$secret"
cat >program.py <<END
import os, socket, sys
secret, tail = "$secret", sys.argv[2]
path = "home/" + secret + "/" + secret + ".txt"
with open(path, "w") as file:
    file.write("the content of " + secret + tail)
os.rename(path, "result.txt")
os.symlink(secret, "link")
pair = socket.socketpair()
pair[0].sendall(secret.encode())
pair[1].recv(100)
abstract = socket.socket(socket.AF_UNIX)
abstract.bind("\0" + secret)
abstract.listen()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
try:
    udp.connect(("198.51.100.77", 4711))
except OSError:
    pass
try:
    os.stat(secret)
except OSError:
    pass
with open("/proc/self/comm", "w") as file:
    file.write(secret)
os.readlink("link")
print(secret + tail)
END

# run NAME TAIL: record the program.
run() {
    rm -rf result.txt link
    TRACEPARENT=$secret MY_SECRET=$secret rn-record --env MY_SECRET --stack=dump:4096 -o "$1" -- \
        python3 program.py "--password=$secret" "$2" >/dev/null || fail "cannot record"
}

# reveals FILE TEXT: is the text anywhere in it, stored or packed?
reveals() {
    python3 - "$1" "$2" <<'END'
import re, subprocess, sys, tarfile
text = sys.argv[2].encode()
needles = [text, text.hex().encode()]
def holds(data):
    return any(needle in data for needle in needles)
archive = tarfile.open(sys.argv[1])
for member in archive:
    data = archive.extractfile(member).read()
    if holds(member.name.encode()) or holds(data):
        sys.exit(0)
    for frame in re.finditer(re.escape(b"\x28\xb5\x2f\xfd"), data):
        plain = subprocess.run(["zstd", "-dcq"], input=data[frame.start():],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        if holds(plain):
            sys.exit(0)
sys.exit(1)
END
}

run a.rna same
run b.rna same
run c.rna another
head -c 32 /dev/urandom >key
for name in a b c; do
    rn-scrub --key key -o $name.clean.rna $name.rna || fail "rn-scrub ends with $?"
done

# The test sees what is there.
reveals a.rna $secret || fail "the secret is not in the recording: the test shows nothing"
rn-cat -s 1000 a.rna | grep -q "$secret" || fail "nor does rn-cat show it"
reveals a.clean.rna $secret && fail "the secret is still in the scrubbed recording"
for view in "rn-cat -s 100000" "rn-cat --json" "rn-cat --csv" rn-info "rn-info --json" "rn-info --env" rn-stat; do
    $view a.clean.rna >view || fail "$view fails"
    grep -q "$secret" view && fail "$view shows the secret"
    grep -q '198\.51\.100\.77' view && fail "$view shows the address"
    grep -qw "$(hostname)" view && fail "$view shows the host's name"
done
rn-cat --json a.rna | grep -q "$(printf %s $secret | od -An -tx1 | tr -d ' \n' | cut -c1-20)" ||
    fail "no copy of the stack held the secret: the test of stacks shows nothing"

# Everything is there but for that.
events() {
    rn-cat --json -q "$1" | python3 -c '
import json, sys
for line in sys.stdin:
    event = json.loads(line)
    if event["kind"] != "object":
        print(event["kind"], event["stream"], event["ordinal"], event.get("name"), event.get("ret"),
              event["start_ns"])'
}
events a.rna >before
events a.clean.rna >after
cmp -s before after || fail "events differ: $(diff before after | head -5)"
rn-info --verify a.clean.rna >/dev/null || fail "the archive is not valid"

# --check before and after.
rn-scrub --check a.rna >report
[ $? = 1 ] || fail "--check does not end with 1"
grep -q '^  path ' report && grep -q '^  content ' report || fail "--check: $(cat report)"
grep -q "$secret" report && fail "--check shows the secret"
rn-scrub --check a.clean.rna >report
[ $? = 0 ] || fail "--check of a scrubbed recording: $(cat report)"

# What was merged says all that each part says: also what stands in the manifests of the parts.
arguments() {
    rn-scrub --check --json "$@" | python3 -c '
import json, sys
print(sum(json.loads(line)["classes"]["argument"]["replaced"] for line in sys.stdin))'
}
rn-merge -o ab.rna a.rna b.rna || fail "rn-merge: $?"
[ "$(arguments ab.rna)" = "$(arguments a.rna b.rna)" ] || fail "--check of a merged recording"

# rn-diff: as before, per object.
verdict() {
    rn-diff -q --json "$1" "$2" | python3 -c '
import json, sys
diff = json.load(sys.stdin)
print(diff["verdict"], sorted((o.get("kind", ""), o["result"]) for o in diff["objects"]))'
}
# Which rules are needed goes by names, so that IDENTICAL and EQUIVALENT-MODULO can become EQUIVALENT.
one_of_equal() {
    verdict "$@" | sed 's/^[A-Z-]*/equal/'
}
for pair in "a.rna b.rna" "a.clean.rna b.clean.rna"; do
    # shellcheck disable=SC2086 # two names
    case $(verdict $pair) in
    IDENTICAL* | EQUIVALENT*) ;;
    *) fail "$pair: $(verdict $pair)" ;;
    esac
done
[ "$(one_of_equal a.rna b.rna)" = "$(one_of_equal a.clean.rna b.clean.rna)" ] ||
    fail "equal: $(verdict a.rna b.rna) was, $(verdict a.clean.rna b.clean.rna) is"
[ "$(verdict a.rna c.rna)" = "$(verdict a.clean.rna c.clean.rna)" ] ||
    fail "different: $(verdict a.rna c.rna) was, $(verdict a.clean.rna c.clean.rna) is"
rn-diff a.clean.rna c.clean.rna | grep -q 'scrubbed: where cannot be told' ||
    fail "rn-diff does not say what it cannot tell"
rn-scrub -q -o other.rna b.rna || fail "without a key"
rn-diff a.clean.rna other.rna >report
[ $? = 2 ] && grep -q 'different keys' report || fail "other key: $(head -3 report)"
rn-diff a.clean.rna b.rna >report
[ $? = 2 ] && grep -q 'only recording A is scrubbed' report || fail "half: $(head -3 report)"

# A program whose path stays keeps its name, and that of the link by which it was executed; others do
# not.
ln -sf /bin/true "$secret-link"
rn-record -q -o links.rna -- sh -c "awk 1 /dev/null; ./$secret-link" || fail "cannot record links"
rn-scrub -q -o links.clean.rna links.rna || fail "cannot scrub links"
rn-cat --json -e kind=process links.clean.rna | jq -r 'select(.name == "exec").args.thread_name' >called
[ "$(sed -n 1,2p called | tr '\n' ' ')" = "sh awk " ] || fail "called $(cat called)"
grep -q '^_[0-9a-f]*$' called || fail "the link with a name of its own is called $(cat called)"
reveals links.clean.rna $secret && fail "the link's name is still there"

# So does the first program, also where it is named before it is executed.
rn-info --json links.clean.rna | jq -e '.command[0] == "sh"' >/dev/null ||
    fail "the command is $(rn-info --json links.clean.rna | jq -c .command)"
rn-record -q -o first.rna -- "./$secret-link" || fail "cannot record a link"
rn-scrub -q -o first.clean.rna first.rna || fail "cannot scrub a link"
reveals first.clean.rna $secret && fail "the first program's link is still there"

# Each segment says anew what code is mapped where, and what the engine laid over it.
rn-record -q --content=4096 -o segments.rna -- dd if=/dev/urandom of=/dev/null bs=4096 count=6000 2>/dev/null
rn-scrub -q --policy /dev/stdin -o segments.clean.rna segments.rna <<<"keep content" || fail "cannot scrub segments"
[ "$(rn-info --json segments.clean.rna | jq .segments)" -ge 2 ] || fail "one segment: that shows nothing"
for recording in segments segments.clean; do
    rn-stat --by module --csv $recording.rna >$recording.modules
done
cmp segments.modules segments.clean.modules || fail "code is elsewhere after scrubbing"

# What other tools recorded.
cat >trace.json <<END
{"traceEvents": [
{"ph": "X", "name": "GET /$secret", "cat": "$secret", "ts": 1, "dur": 2, "pid": 1, "tid": 1, "args": {"user": "$secret"}},
{"ph": "C", "name": "$secret", "ts": 1, "pid": 1, "args": {"$secret": 3}},
{"ph": "s", "name": "$secret", "cat": "c", "id": 1, "ts": 1, "pid": 1, "tid": 1},
{"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "$secret"}}]}
END
cat >spans.jsonl <<END
{"resourceSpans": [{"resource": {"attributes": [{"key": "user", "value": {"stringValue": "$secret"}}]}, "scopeSpans": [{"spans": [{"traceId": "0102030405060708090a0b0c0d0e0f10", "spanId": "0102030405060708", "name": "of $secret", "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000000000000010", "attributes": [{"key": "sql", "value": {"stringValue": "$secret"}}]}]}]}]}
END
echo "1 stat(\"/tmp/$secret\", {st_mode=S_IFREG|0644, st_size=1, secret=$secret, ...}) = 0" >calls.txt
for input in trace.json spans.jsonl calls.txt; do
    rn-convert -q -o foreign.rna $input || fail "cannot convert $input"
    reveals foreign.rna $secret || fail "the secret is not in what $input became: that shows nothing"
    rn-scrub -q -o foreign.clean.rna foreign.rna || fail "cannot scrub what $input became"
    reveals foreign.clean.rna $secret && fail "the secret of $input is still there"
done

# Again, from a pipe: what was scrubbed stays as it is.
rn-scrub --key key -o - - <a.clean.rna >twice.rna || fail "through pipes"
[ "$(verdict twice.rna c.clean.rna)" = "$(verdict a.clean.rna c.clean.rna)" ] || fail "scrubbed twice"
