# needs: ed
prepare() { seq 1 300 >f; }
run() { printf '%s\n' 'g/5/d' '1,10m$' 's/1/one/' w 'r !echo shell' wq | ed -s f; wc -l f; }
"$@"
