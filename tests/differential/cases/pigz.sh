# needs: pigz
# varies: futex
prepare() { seq 1 15000 >numbers; }
run() { exec pigz -p 2 -k numbers; }
"$@"
