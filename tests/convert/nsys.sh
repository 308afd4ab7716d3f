#!/bin/bash
# SPDX-License-Identifier: MIT
# Exports of Nsight Systems. The databases are synthetic (there is no nsys here): made by sqlite3 from
# tests/convert/synthetic/nsys_*.sql, in two versions of the schema.
set -u

. "$RN_TOP/tests/convert/checks.sh"
make() { # VERSION FILE [SQL]
    rm -f "$2"
    { cat "$RN_TOP/tests/convert/synthetic/nsys_$1.sql"; echo "${3-}"; } | sqlite3 "$2"
}
lines() { # FILE: kind, thread or queue, name, start after the session's, duration, what matters
    rn-cat --json "$1" | python3 -c '
import json, sys
for line in sys.stdin:
    event = json.loads(line)
    args = event["args"]
    extra = [str(args[k]) for k in ("correlation", "layer", "result", "bytes", "grid_x", "group_x",
             "registers", "shared_bytes", "peer", "form", "category", "text", "exe") if k in args]
    if "direction" in event: extra.append(event["direction"])
    where = event.get("queue_name") or event.get("tid", "-")
    start = int(event["start_ns"]) - int(sys.argv[1])
    print(event["kind"], where, event.get("name", "-"), start, event["duration_ns"], *extra,
          *event.get("flags", []), sep="|")' "$2"
}

make 2024 "report 100% #1?.sqlite"
sum=$(sha256sum <"report 100% #1?.sqlite")
rn-convert -o new.rna "report 100% #1?.sqlite" 2>notes || echo "not ok - an export is recognised"
check "a newer export" equal events "$(lines new.rna 1750000000123456789)" \
'span|1001|poll|-5000|17345|0|osrt|{"returnValue":-1}
process|1000|attach|0|0|/opt/train
span|-|thread 1000|1000|8000|0|sched|{"pid":1000,"tid":1000}
span|1000|sample|4000|0|2|sample|{"cpu":3,"cycles":123456}
counter|-|SMs Active [Throughput %]|100000|0
counter|-|SMs Active [Throughput %]|200000|0
span|1000|train step|500000|4500000|0|nvtx
span|1000|all reduce|600000|100000|0|NCCL|{"category":3,"uint64":42}
span|1000|across threads|650000|3850000|1|nvtx|{"double":0.5,"json":"{\"a\":1}"}
span|1001|mark|660000|0|2|nvtx
transfer|device 0 stream 7|-|900000|1000|9|65536|0|fill
api|1000|cudaMemcpyAsync_v3020|1000000|4321|10|0|0
transfer|device 0 stream 7|-|1010000|10000|10|1048576|0|to-device
api|1000|cudaLaunchKernel_v7000|2000000|5000|11|0|0
kernel|device 0 stream 7|void scale<float>(float*, int)|2010000|50001|11|64|256|32|1536
transfer|device 0 stream 7|-|2070000|10000|13|4096|1|peer
api|1001|cuStreamSynchronize|3000000|1000000|12|1|600
api|device 0 stream 7|wait for stream|3000500|998500|12|2|0
span|1000|MPI_Send|5100000|100000|0|mpi|{"size":800,"tag":9,"remoteRank":3}
span|1000|cublasSgemm_v2|5300000|100000|0|cublas
span|1001|not ended|8000000|1000000|0|nvtx|unfinished'
check "what is left out is told" equal notes "$(sed 's/^[^:]*: [^:]*: //' notes)" \
    "rows of SCHED_EVENTS whose begin is not known: 1
rows of CUDA_GPU_MEMORY_USAGE_EVENTS left out: 2"
machine() {
    rn-info --json new.rna | python3 -c '
import json, sys
info = json.load(sys.stdin)
print(info["host"], info["system"], info["engine"], info["processes"], info["threads"])'
}
check "the machine, without what has no events" equal facts "$(machine)" "gpu-box Ubuntu 22.04 nsys 1 2"
values() {
    rn-convert -q -o new.db new.rna &&
        equal threads "$(sqlite3 new.db "SELECT name FROM stream WHERE type = 'thread' ORDER BY tid")" \
            $'main\nworker' &&
        equal values "$(sqlite3 new.db 'SELECT value FROM counter ORDER BY start_ns')" $'40.0\n75.0' &&
        equal launches "$(sqlite3 -separator ' ' new.db "SELECT call, kind, delay_ns FROM launches ORDER BY call_start_ns")" \
            "cudaMemcpyAsync_v3020 transfer 10000
cudaLaunchKernel_v7000 kernel 10000"
}
check "counters and launches, in SQLite again" values
untouched() {
    equal sum "$(sha256sum <"report 100% #1?.sqlite")" "$sum" &&
        equal "what is beside it" "$(ls report*)" "report 100% #1?.sqlite"
}
check "the export is as it was" untouched

make 2019 old.sqlite
rn-convert -q -o old.rna old.sqlite
check "an older export" equal events "$(lines old.rna 0)" \
'span|1001|poll|0|12245|0|osrt|{"returnValue":1}
span|1000|train step|499900|4500000|0|nvtx
span|1000|mark|599900|0|2|nvtx
api|1000|cuMemcpyHtoD_v2|999900|4321|10|1|0
transfer|device 0 stream 7|-|1009900|10000|10|1048576|0|from-device
api|1000|cudaLaunchKernel|1999900|5000|11|0|0
kernel|device 0 stream 7|void scale<float>(float*, int)|2009900|50001|11|64|256|0|1536'

# Whatever is made of its schema runs nothing.
make 2019 view.sqlite "DROP TABLE OSRT_API; CREATE TABLE t (start, end, globalTid, nameId);
    CREATE VIEW OSRT_API AS WITH RECURSIVE r(start) AS (SELECT 1 UNION ALL SELECT start + 1 FROM r)
        SELECT start, start AS end, 1 AS globalTid, 6 AS nameId FROM r;
    CREATE VIRTUAL TABLE SCHED_EVENTS USING fts5(start, cpu, isSchedIn, globalTid);
    CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM StringIds; END;"
no_view() {
    rn-convert -q -o view.rna view.sqlite && equal calls "$(lines view.rna 0 | grep -c poll)" 0
}
check "views and virtual tables are not read" no_view

refused() { # TEXT COMMAND...
    local text=$1 status
    shift
    "$@" >fail.out 2>&1
    status=$?
    [ $status = 2 ] && [ "$(grep -vc 'malformed piece' fail.out)" = 1 ] && grep -q -- "$text" fail.out && [ ! -e bad.rna ] &&
        return
    echo "status $status, output:"
    cat fail.out
    return 1
}
make 2019 bad.sqlite "UPDATE CUPTI_ACTIVITY_KIND_KERNEL SET end = 5;
    INSERT INTO OSRT_API VALUES (9223372036854775807, 9223372036854775807, 0, 0, 0, 0, 0, 0);"
check "times that make no sense" refused 'bad.sqlite: a row of table CUPTI_ACTIVITY_KIND_KERNEL' \
    rn-convert -o bad.rna bad.sqlite
kept_going() {
    rn-convert --keep-going -o kept.rna bad.sqlite 2>kept.out
    [ $? = 1 ] && grep -q '2 malformed pieces' kept.out && equal events "$(lines kept.rna 0 | wc -l)" 6
}
check "and what is left without them" kept_going
make 2019 keyless.sqlite "ALTER TABLE StringIds RENAME TO s; CREATE TABLE StringIds AS SELECT * FROM s;"
check "names without a key" refused 'no primary key' rn-convert -o bad.rna keyless.sqlite
make 2024 empty.sqlite "$(sed -n 's/^CREATE TABLE \([A-Z_a-z0-9]*\).*/DELETE FROM \1;/p' \
    "$RN_TOP/tests/convert/synthetic/nsys_2024.sql")"
check "an export without events" refused 'has no events' rn-convert -o bad.rna empty.sqlite
sqlite3 other.sqlite 'CREATE TABLE t (a)'
check "another database" refused 'no known format' rn-convert -o bad.rna other.sqlite
head -c 9000 old.sqlite >cut.sqlite
check "a cut database" refused 'cut.sqlite' rn-convert --from nsys -o bad.rna cut.sqlite
echo 'SQLite format 3' >text.sqlite
check "no database at all" refused 'text.sqlite' rn-convert --from nsys -o bad.rna text.sqlite

# Any byte changed: an answer or a message, never a crash.
damaged() {
    python3 - <<'END'
import random, subprocess, sys
good = open("old.sqlite", "rb").read()
chance = random.Random(7)
for i in range(150):
    data = bytearray(good)
    for _ in range(chance.choice([1, 4, 64])):
        data[chance.randrange(len(data))] = chance.randrange(256)
    open("damaged.sqlite", "wb").write(data)
    result = subprocess.run(["rn-convert", "-q", "--keep-going", "--from", "nsys", "-o", "damaged.rna",
                             "damaged.sqlite"], stderr=subprocess.PIPE)
    if result.returncode not in (0, 1, 2) or (result.returncode == 2 and not result.stderr):
        sys.exit(f"input {i}: {result}")
END
}
check "150 damaged databases" damaged
