# needs: xz
# varies: futex clock_gettime
prepare() { seq 1 5000 >numbers; }
run() { exec xz -T2 -0 -k numbers; }
"$@"
