# SPDX-License-Identifier: MIT
"""Families of programs that do the same, and of programs with one change.

Each family: same: commands that are expected to do the same thing; changed: commands that differ from
the first one in one thing. `forced` are those whose difference the oracle cannot see (an order, a
connection): (reference, changed). Commands run under `sh -c` in a fresh copy of the template that
make_template fills. {port} is a server's that answers every line, {dgram} one that takes datagrams.
{bin} is where the C programs of this directory are."""

PY = "/usr/bin/python3 -c"

FAMILIES = {
    "copy": dict(
        same=["cat in.txt > out", "cp in.txt out", "dd if=in.txt of=out status=none",
              "dd if=in.txt of=out bs=7 status=none", "busybox cp in.txt out",
              "busybox cat in.txt > out", "tail -c +1 in.txt > out", "tee out < in.txt > /dev/null",
              f"{PY} 'import shutil; shutil.copyfile(\"in.txt\", \"out\")'",
              "perl -e 'open F,\"<in.txt\"; open G,\">out\"; print G <F>'",
              "awk '{print > \"out\"}' in.txt", "cat in.txt > t.tmp && mv t.tmp out"],
        changed=["sed 's/fig/fog/' in.txt > out", "head -n -1 in.txt > out",
                 "cat in.txt > out; exit 3", "cat in.txt > out2", "cat in.txt > out; chmod 600 out",
                 "cat in.txt > out; echo >> out", "cp in.txt out; touch extra",
                 "cp in.txt out; rm in.txt", "cat in.txt > out; echo x",
                 "cat in.txt in.txt > out", "true"]),
    "copy-c": dict(
        same=["{bin}/copy write big out", "{bin}/copy small big out", "{bin}/copy writev big out",
              "{bin}/copy pwrite big out", "{bin}/copy mmap big out", "{bin}/copy sendfile big out",
              "{bin}/copy copy_file_range big out", "{bin}/copy splice big out",
              "dd if=big of=out bs=4k status=none", "cp big out"],
        changed=["{bin}/copy write big out 1", "{bin}/copy pwrite big out 1",
                 "{bin}/copy mmap big out 1", "{bin}/copy sendfile big out 1",
                 "{bin}/copy copy_file_range big out 1", "{bin}/copy splice big out 1",
                 "{bin}/copy writev big out 1", "{bin}/copy write big out; printf x >> out"]),
    "sort": dict(
        same=["sort -u words", "sort words | uniq", "LC_ALL=C busybox sort -u words",
              "awk '!s[$0]++' words | LC_ALL=C sort",
              f"{PY} 'print(*sorted(set(open(\"words\").read().split())),sep=\"\\n\")'",
              "perl -e 'my %h; open F,\"words\"; $h{$_}=1 while <F>; print sort keys %h'"],
        changed=["sort words", "sort -ru words", "sort -u words | head -n 3",
                 "sort -u words | tr a-z A-Z", "sort -u words; false", "sort -u words >&2",
                 "sort -u nowords"]),
    "count": dict(
        same=["wc -l < words", "awk 'END{print NR}' words", "sed -n '$=' words", "grep -c '' words",
              f"{PY} 'print(sum(1 for _ in open(\"words\")))'",
              "perl -ne 'END{print \"$.\\n\"}' words", "busybox wc -l < words",
              "busybox awk 'END{print NR}' words"],
        changed=["wc -w < in.txt", "echo 7", "wc -l < words | tr -d '\\n'", "wc -l < words; exit 1",
                 "wc -c < words"]),
    "search": dict(
        same=["grep fig words", "sed -n /fig/p words", "awk '/fig/' words", "perl -ne 'print if /fig/' words",
              "busybox grep fig words", f"{PY} 'for l in open(\"words\"):\n if \"fig\" in l: print(l,end=\"\")'"],
        changed=["grep -v fig words", "grep -n fig words", "grep fig words | tac | head -n 1; echo",
                 "grep nothing words", "grep fig words; rm words", "grep -i FIG words | sed s/g/G/"]),
    "hash": dict(
        same=["sha256sum in.txt", "busybox sha256sum in.txt",
              f"{PY} 'import hashlib; print(hashlib.sha256(open(\"in.txt\",\"rb\").read()).hexdigest()+\"  in.txt\")'",
              "perl -MDigest::SHA=sha256_hex -e 'local $/; open F,\"in.txt\"; print sha256_hex(<F>).\"  in.txt\\n\"'",
              "openssl dgst -r -sha256 in.txt | sed 's/ [*]/  /'", "shasum -a 256 in.txt"],
        changed=["sha1sum in.txt", "sha256sum words", "sha256sum in.txt | cut -c 1-63",
                 "sha256sum in.txt | sed 's/^./0/'", "sha256sum in.txt > sums"]),
    "unpack": dict(
        same=["gzip -dc data.gz > out", "zcat data.gz > out", "busybox gunzip -c data.gz > out",
              "pigz -dc data.gz > out", f"{PY} 'import gzip; open(\"out\",\"wb\").write(gzip.open(\"data.gz\").read())'",
              "openssl zlib -d < /dev/null 2>/dev/null; gunzip -c data.gz > out",
              "perl -MIO::Uncompress::Gunzip=gunzip -e 'gunzip(\"data.gz\",\"out\")'"],
        changed=["gzip -dc data.gz | head -c 100 > out", "gzip -dk data.gz", "gzip -d data.gz",
                 "gzip -dc data.gz > out; chmod 755 out", "gzip -dc data.gz | tr a b > out"]),
    "tar": dict(
        same=["tar xf tree.tar", "busybox tar xf tree.tar",
              f"{PY} 'import tarfile; tarfile.open(\"tree.tar\").extractall()'",
              "cat tree.tar | tar xf -", "tar xf tree.tar --checkpoint=100"],
        changed=["tar xf tree.tar tree/a", "tar xf tree.tar; rm tree/a", "tar xf tree.tar; chmod 600 tree/sub/b",
                 "tar xf tree.tar; ln -sf other tree/link", "tar xf tree.tar; mkdir tree/new",
                 "tar xf tree.tar; echo >> tree/sub/b", "tar xf tree.tar; mv tree/a tree/z"]),
    "tree": dict(
        same=["mkdir -p d/e; echo hi > d/e/f; ln -s e d/l; chmod 640 d/e/f",
              f"{PY} 'import os\nos.makedirs(\"d/e\")\nopen(\"d/e/f\",\"w\").write(\"hi\\n\")\nos.symlink(\"e\",\"d/l\")\nos.chmod(\"d/e/f\",0o640)'",
              "perl -e 'mkdir \"d\"; mkdir \"d/e\"; open F,\">d/e/f\"; print F \"hi\\n\"; close F; symlink \"e\",\"d/l\"; chmod 0640,\"d/e/f\"'",
              "busybox sh -c 'mkdir d; cd d; mkdir e; printf \"hi\\n\" > e/f; ln -s e l; chmod 640 e/f'",
              "mkdir x; mkdir x/e; echo hi > x/e/t; mv x/e/t x/e/f; ln -s e x/l; chmod 640 x/e/f; mv x d",
              "install -d d/e; echo hi | install -m 640 /dev/stdin d/e/f; ln -s e d/l"],
        changed=["mkdir -p d/e; echo hi > d/e/f; ln -s e d/l; chmod 644 d/e/f",
                 "mkdir -p d/e; echo hi > d/e/f; ln -s f d/l; chmod 640 d/e/f",
                 "mkdir -p d/e; echo ho > d/e/f; ln -s e d/l; chmod 640 d/e/f",
                 "mkdir -p d/e; echo hi > d/e/f; chmod 640 d/e/f",
                 "mkdir -p d/e; echo hi > d/e/f; ln d/e/f d/l; chmod 640 d/e/f",
                 "mkdir -p d/e; echo hi > d/e/f; ln -s e d/l; chmod 640 d/e/f; rmdir empty",
                 "mkdir -p d/e; chmod 700 d; echo hi > d/e/f; ln -s e d/l; chmod 640 d/e/f"]),
    "inplace": dict(
        same=["sed -i s/fig/FIG/ in.txt", "perl -pi -e s/fig/FIG/ in.txt",
              "sed s/fig/FIG/ in.txt > t && mv t in.txt", "busybox sed -i s/fig/FIG/ in.txt",
              f"{PY} 't=open(\"in.txt\").read().replace(\"fig\",\"FIG\",1); open(\"in.txt\",\"w\").write(t)'",
              "printf '1,$s/fig/FIG/\\nw\\nq\\n' | ed -s in.txt",
              "awk '{sub(/fig/,\"FIG\")}1' in.txt > t; cat t > in.txt; rm t"],
        changed=["sed -i s/fig/FIg/ in.txt", "sed -i.bak s/fig/FIG/ in.txt", "sed s/fig/FIG/ in.txt",
                 "sed -i -e s/fig/FIG/ -e 1d in.txt", "sed s/fig/FIG/ in.txt > t"]),
    "table": dict(
        same=["awk -F, '$2>10{print $1\":\"$2}' t.csv",
              "perl -F, -lane 'print \"$F[0]:$F[1]\" if $F[1]>10' t.csv",
              f"{PY} 'import csv\nfor r in csv.reader(open(\"t.csv\")):\n if int(r[1])>10: print(r[0]+\":\"+r[1])'",
              "sqlite3 :memory: '.mode csv' 'create table t(a,b)' '.import t.csv t' '.mode list' \"select a||':'||b from t where b*1>10\"",
              "busybox awk -F, '$2>10{print $1\":\"$2}' t.csv", "grep -E ',[1-9][1-9]' t.csv | tr , :"],
        changed=["awk -F, '$2>11{print $1\":\"$2}' t.csv", "awk -F, '$2>10{print $1\"=\"$2}' t.csv",
                 "awk -F, '$2>10{print $1\":\"$2+1}' t.csv", "awk -F, '$2>10{print $1\":\"$2}END{exit 4}' t.csv",
                 "awk -F, '$2>10{print $1\":\"$2 > \"o\"}' t.csv"]),
    "numbers": dict(
        same=["seq 1 2000", "awk 'BEGIN{for(i=1;i<=2000;i++)print i}'", f"{PY} 'for i in range(1,2001): print(i)'",
              "perl -e 'print \"$_\\n\" for 1..2000'", "bash -c 'for ((i=1;i<=2000;i++)); do echo $i; done'",
              "dash -c 'i=1; while [ $i -le 2000 ]; do echo $i; i=$((i+1)); done'", "busybox seq 1 2000",
              "printf '%s\\n' $(seq 1 2000)"],
        changed=["seq 1 2001", "seq 0 1999", "seq 1 2000 | sed 1999s/9/8/", "seq 1 2000 | tac", "seq -w 1 2000",
                 "seq 1 2000 | sed '$d'"]),
    "split": dict(
        same=["split -l 3 words p.", f"{PY} 'w=open(\"words\").readlines()\nfor i in range(0,len(w),3): open(\"p.a\"+chr(97+i//3),\"w\").writelines(w[i:i+3])'",
              "awk '(NR-1)%3==0{n=sprintf(\"p.a%c\",97+(NR-1)/3)}{print > n}' words",
              "perl -ne 'if(($.-1)%3==0){open F,\">p.a\".chr(97+($.-1)/3)} print F' words", "busybox split -l 3 words p."],
        changed=["split -l 2 words p.", "split -l 3 words q.", "split -l 3 words p.; rm p.ab",
                 "split -l 3 words p.; printf x >> p.aa", "split -d -l 3 words p."]),
    "database": dict(
        same=["sqlite3 new.db 'create table t(a); insert into t values(1),(2); select sum(a) from t' && rm new.db",
              f"{PY} 'import sqlite3,os\nc=sqlite3.connect(\"new.db\")\nc.execute(\"create table t(a)\")\nc.execute(\"insert into t values(1),(2)\")\nc.commit()\nprint(c.execute(\"select sum(a) from t\").fetchone()[0])\nc.close()\nos.remove(\"new.db\")'",
              "echo 3"],
        changed=["sqlite3 new.db 'create table t(a); insert into t values(1),(2); select sum(a) from t'",
                 "echo 4", "sqlite3 new.db 'create table t(a); insert into t values(1),(3); select sum(a) from t' && rm new.db"]),
    "errors": dict(
        same=["ls missing 2>/dev/null; test -f in.txt", "test -e missing; true", "[ -r in.txt ]",
              f"{PY} 'import os,sys; sys.exit(0 if os.path.exists(\"in.txt\") else 1)'", "perl -e 'exit !-e \"in.txt\"'"],
        changed=["cat missing", "test -f missing", "kill -9 $$", "exit 7", "[ -r in.txt ] && echo yes",
                 f"{PY} 'raise SystemExit(5)'"]),
    "streams": dict(
        same=["echo a; echo b >&2; echo c", f"{PY} 'import sys\nprint(\"a\",flush=True);print(\"b\",file=sys.stderr,flush=True);print(\"c\",flush=True)'",
              "perl -e '$|=1; print \"a\\n\"; print STDERR \"b\\n\"; print \"c\\n\"'", "bash -c 'echo a; echo b 1>&2; echo c'"],
        changed=["echo a; echo c >&2; echo b", "echo a; echo c", "echo a; echo b >&2; echo c >&2", "echo a; echo b; echo c"]),
    "joined": dict(
        same=["exec 2>&1; echo a; echo b >&2; echo c", f"{PY} 'import os\nos.dup2(1,2);os.write(1,b\"a\\n\");os.write(2,b\"b\\n\");os.write(1,b\"c\\n\")'",
              "perl -e 'open STDERR,\">&STDOUT\"; $|=1; print \"a\\n\"; print STDERR \"b\\n\"; print \"c\\n\"'"],
        changed=["exec 2>&1; echo a; echo c; echo b >&2", "exec 2>&1; echo b >&2; echo a; echo c"]),
    "append": dict(
        same=["echo new >> log", "printf 'new\\n' >> log", f"{PY} 'open(\"log\",\"a\").write(\"new\\n\")'",
              "perl -e 'open F,\">>log\"; print F \"new\\n\"'", "cp log t; echo new >> t; mv t log",
              "(cat log; echo new) > t; cat t > log; rm t", "sed -i '$a new' log"],
        changed=["echo newer >> log", "echo new > log", "echo new >> log; echo new >> log", "(echo new; cat log) > t; mv t log"]),
    "messages": dict(
        same=["{bin}/order c{port}", f"{PY} 'import socket\ns=socket.create_connection((\"127.0.0.1\",{{port}}))\ns.sendall(b\"ping {{port}}\\n\")\ns.recv(100)'",
              "bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}; echo ping {port} >&3; read x <&3'",
              "perl -MIO::Socket::INET -e '$s=IO::Socket::INET->new(\"127.0.0.1:{port}\"); print $s \"ping {port}\\n\"; <$s>'",
              "echo ping {port} | busybox nc 127.0.0.1 {port} > /dev/null"],
        changed=[],
        forced=[("{bin}/order c{port}", "{bin}/order c{port} c{port}"),
                ("{bin}/order c{port}", "true"),
                ("{bin}/order c{port}", f"{PY} 'import socket\ns=socket.create_connection((\"127.0.0.1\",{{port}}))\ns.sendall(b\"pong {{port}}\\n\")\ns.recv(100)'"),
                ("{bin}/order c{port} c{port}", "{bin}/order c{port} c{port} c{port}"),
                ("{bin}/order u{dgram}", "{bin}/order u{dgram} u{dgram}"),
                ("{bin}/order c{port}", "{bin}/order c{port} u{dgram}"),
                ("true", "bash -c ': > /dev/tcp/127.0.0.1/9' 2>/dev/null; true")]),
    "order": dict(
        same=["{bin}/order w s o", "{bin}/order w o", f"{PY} 'import os\nf=open(\"data\",\"w\");f.write(\"a line of data\\n\");f.flush();os.fsync(f.fileno());print(\"done\")'"],
        changed=["{bin}/order w s", "{bin}/order o", "{bin}/order w s o r", "{bin}/order w s o m", "{bin}/order w w s o", "{bin}/order w s o x"],
        forced=[("{bin}/order w s o", "{bin}/order w o s"), ("{bin}/order w s r", "{bin}/order w r s"), ("{bin}/order w s o o", "{bin}/order w o s o"), ("{bin}/order w s o w s o", "{bin}/order w s o w o s"),
                ("{bin}/order c{port} c{echo}", "{bin}/order c{port} c{echo} c{echo}"),
                (f"{PY} 'import socket\ns=socket.create_connection((\"127.0.0.1\",{{port}}))\ns.sendall(b\"a\\n\");s.recv(100);s.sendall(b\"b\\n\");s.recv(100)'",
                 f"{PY} 'import socket\ns=socket.create_connection((\"127.0.0.1\",{{port}}))\ns.sendall(b\"a\\n\");s.sendall(b\"b\\n\")\nn=0\nwhile n<4: n+=len(s.recv(100))'")]),
    "pipeline": dict(
        same=["tr a-z A-Z < words | sort | uniq -c | sort -rn | head -n 3", "cat words | tr a-z A-Z | sort | uniq -c | sort -rn | head -n 3",
              "busybox sh -c 'tr a-z A-Z < words | sort | uniq -c | sort -rn | head -n 3'",
              f"{PY} 'import subprocess,sys\nsys.stdout.buffer.write(subprocess.run(\"tr a-z A-Z < words | sort | uniq -c | sort -rn | head -n 3\",shell=True,capture_output=True).stdout)'",
              "x=$(tr a-z A-Z < words | sort | uniq -c | sort -rn | head -n 3); printf '%s\\n' \"$x\"", "awk '{c[toupper($0)]++}END{for(w in c)printf \"%7d %s\\n\",c[w],w}' words | sort -rn | head -n 3"],
        changed=["tr a-z A-Z < words | sort | uniq -c | sort -rn | head -n 2", "tr a-y A-Y < words | sort | uniq -c | sort -rn | head -n 3",
                 "tr a-z A-Z < words | sort | uniq -c | sort -rn | head -n 3 > o", "tr a-z A-Z < words | sort | uniq -c | sort -rn | head -n 3; false"]),
    "temporary": dict(
        same=["t=$(mktemp); sort words > $t; cat $t; rm $t", "sort words", f"{PY} 'import tempfile\nt=tempfile.NamedTemporaryFile(\"w+\")\nt.write(\"\".join(sorted(open(\"words\"))))\nt.flush();t.seek(0)\nprint(t.read(),end=\"\")'",
              "sort words > scratch; cat scratch; rm scratch", "d=$(mktemp -d); sort words > $d/x; cat $d/x; rm -r $d", "sort < words | tee pipe.$$; rm pipe.$$",
              "perl -MFile::Temp=tempfile -e '($f,$n)=tempfile(UNLINK=>1); open F,\"words\"; print $f sort <F>; close $f; open G,$n; print <G>'"],
        changed=["sort words > scratch; cat scratch", "t=$(mktemp ./keepXXXXXX); sort words > $t; cat $t", "sort words; rm words", "d=$(mktemp -d -p .); sort words"]),
    "many-files": dict(
        same=["for i in 1 2 3 4 5 6 7 8; do echo $i > f$i; done", f"{PY} 'for i in range(1,9): open(f\"f{{i}}\",\"w\").write(f\"{{i}}\\n\")'",
              "seq 8 | xargs -I@ sh -c 'echo @ > f@'", "seq 8 | xargs -P4 -I@ sh -c 'echo @ > f@'", "seq 8 | awk '{print > (\"f\" $0)}'",
              "for i in 8 7 6 5 4 3 2 1; do echo $i > f$i; done", "for i in 1 2 3 4 5 6 7 8; do echo $i > f$i & done; wait", "perl -e 'for(1..8){open F,\">f$_\"; print F \"$_\\n\"}'"],
        changed=["for i in 1 2 3 4 5 6 7; do echo $i > f$i; done", "for i in 1 2 3 4 5 6 7 8; do echo 0 > f$i; done", "for i in 1 2 3 4 5 6 7 8; do echo $i > f$i; done; mv f1 f0",
                 "for i in 1 2 3 4 5 6 7 8; do echo $i > f$i; done; chmod +x f4", "umask 077; for i in 1 2 3 4 5 6 7 8; do echo $i > f$i; done"]),
    "find": dict(
        same=["find src -type f | sort", f"{PY} 'import os\nprint(\"\\n\".join(sorted(os.path.join(d,f) for d,_,n in os.walk(\"src\") for f in n if not os.path.islink(os.path.join(d,f)))))'",
              "busybox find src -type f | sort", "perl -MFile::Find -e 'find({no_chdir=>1,wanted=>sub{push @f,\"$_\\n\" if -f && !-l}},\"src\"); print sort @f'",
              "cd src && find . -type f | sed 's/^./src/' | sort"],
        changed=["find src | sort", "find src -type f -delete", "find src -type f -exec rm {} +", "find src -type l | sort"]),
    "binary": dict(
        same=["xxd -p big | head -n 4", "od -An -v -tx1 -N120 big | tr -d ' \\n' | fold -w 60; echo", f"{PY} 'd=open(\"big\",\"rb\").read(120).hex()\nprint(*[d[i:i+60] for i in range(0,240,60)],sep=\"\\n\")'",
              "perl -e 'open F,\"<:raw\",\"big\"; read F,$d,120; print \"$_\\n\" for unpack(\"H*\",$d)=~/.{60}/g'"],
        changed=["xxd -p big | head -n 5", "xxd -u -p big | head -n 4", "xxd -p -s1 big | head -n 4"]),
    "standard-input": dict(
        same=["echo 'a b' | { read x y; echo $y $x; }", "echo 'a b' | awk '{print $2,$1}'", f"echo 'a b' | {PY} 'print(*input().split()[::-1])'", "echo b a", "printf 'b %s\\n' a"],
        changed=["echo 'a b' | awk '{print $1,$2}'", "echo 'a b' | awk '{print $2,$1}' >&2", "echo b  a | tr -s ' ' _"]),
    "archive": dict(
        same=["tar cf new.tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar src", "tar cf - --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar src > new.tar",
              "tar cf - --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar src | cat > t && mv t new.tar", "tar cf - --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar src | dd of=new.tar bs=512 status=none"],
        changed=["tar cf new.tar --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner --format=ustar src", "tar cf new.tar --sort=name --mtime=@0 --owner=1 --group=0 --numeric-owner --format=ustar src",
                 "tar czf new.tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar src"]),
    "links": dict(
        same=["ln words w2; ln -s words w3", f"{PY} 'import os\nos.link(\"words\",\"w2\");os.symlink(\"words\",\"w3\")'", "perl -e 'link \"words\",\"w2\"; symlink \"words\",\"w3\"'",
              "cp -l words w2; cp -s words w3", "ln words t; mv t w2; ln -s words w3", "busybox ln words w2; busybox ln -s words w3"],
        changed=["cp words w2; ln -s words w3", "ln words w2; ln -s ./words w3", "ln words w2; ln words w3", "ln in.txt w2; ln -s words w3", "ln words w2; ln -s words w3; rm words"]),
    "move": dict(
        same=["mv words moved", f"{PY} 'import os; os.rename(\"words\",\"moved\")'", "cp -p words moved; rm words", "cat words > moved; rm words", "ln words moved; rm words", "busybox mv words moved", "mkdir m; mv words m/x; mv m/x moved; rmdir m"],
        changed=["cp words moved", "mv words moved; echo >> moved", "mv in.txt moved; rm words", "mv words moved2", "mv words moved; chmod 600 moved"]),
    "compile": dict(
        same=["printf 'int main(void){return 0;}' > m.c; cc -c m.c; rm m.o", "printf 'int main(void){return 0;}' > m.c; cc -o m m.c; rm m", "printf 'int main(void){return 0;}' > m.c; cc -S -o - m.c > /dev/null"],
        changed=["printf 'int main(void){return 1;}' > m.c; cc -c m.c; rm m.o", "printf 'int main(void){return 0;}' > m.c; cc -c m.c", "printf 'int main(void){return x;}' > m.c; cc -c m.c"]),
    "large-output": dict(
        same=["yes abcdefg | head -c 3000000", f"{PY} 'import sys; sys.stdout.write((\"abcdefg\\n\"*375000)[:3000000])'", "perl -e 'print \"abcdefg\\n\" x 375000'", "busybox yes abcdefg | busybox head -c 3000000", "yes abcdefg | head -n 375000"],
        changed=["yes abcdefg | head -c 2999999", "yes abcdefg | head -n 375000 | sed '$s/g/h/'", "yes abcdefg | head -n 375000 | sed '200000s/g/h/'", "yes abcdefh | head -c 3000000"]),
}


def make_template(top):
    """Files that the commands find."""
    import gzip
    import os
    import tarfile

    def put(name, text, mode=0o644):
        path = os.path.join(top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text)
        os.chmod(path, mode)

    words = b"pear\nfig\nplum\napple\nfig\nquince\npear\ncherry\nfigtree\n"
    put("words", words)
    put("in.txt", b"".join(b"line %d of figs and plums\n" % i for i in range(400)))
    put("big", bytes((i * 7919 + i // 251) & 0xff for i in range(300001)))
    put("t.csv", b"".join(b"name%d,%d\n" % (i, i * 7 % 31) for i in range(20) if i * 7 % 31 % 10))
    put("log", b"first\nsecond\n")
    os.makedirs(os.path.join(top, "empty"))
    with gzip.GzipFile(os.path.join(top, "data.gz"), "wb", mtime=0) as file:
        file.write(words * 2000)
    put("src/tree/a", b"file a\n")
    put("src/tree/sub/b", b"file b\n" * 1000, 0o640)
    os.symlink("a", os.path.join(top, "src/tree/link"))
    os.link(os.path.join(top, "src/tree/a"), os.path.join(top, "src/tree/hard"))
    with tarfile.open(os.path.join(top, "tree.tar"), "w") as tar:
        tar.add(os.path.join(top, "src/tree"), "tree")
