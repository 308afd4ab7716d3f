# needs: gzip bzip2
prepare() { seq 1 60000 >n; }
run() { gzip -k n && gzip -t n.gz && bzip2 -k n && bunzip2 -c n.bz2 >b && cmp b n && gzip -d <n.gz >g; gzip -t n; }
"$@"
