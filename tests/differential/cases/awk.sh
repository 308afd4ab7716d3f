# needs: awk
prepare() { seq 1 20000 >lines; }
run() { awk '{ s[$1 % 7] += $1 } END { for (i = 0; i < 7; i++) print i, s[i] | "sort"; close("sort"); "date +%Z" | getline z; print z }' lines; }
"$@"
