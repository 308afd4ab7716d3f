# needs: sqlite3
prepare() {
    {
        echo 'create table t(a integer primary key, b text);'
        for i in $(seq 1 40); do echo "insert into t(b) values('row $i');"; done
        echo 'begin; update t set b = b || a; commit; create index i on t(b); select count(*) from t; vacuum;'
    } >script.sql
}
run() { exec sqlite3 -batch test.db ".read script.sql"; }
"$@"
