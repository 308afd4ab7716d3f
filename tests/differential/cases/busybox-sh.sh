# needs: busybox
prepare() { for i in 1 2 3 4 5; do echo "$i b a" >f$i; done; }
run() {
    exec busybox sh -c 'for f in f?; do while read a b c; do echo "$c$b$a"; done <$f | busybox md5sum; done >sums
    busybox sort sums | busybox head -n 2; busybox ls -l | busybox wc -l; x=$(busybox seq 1 5 | busybox tail -n 1); [ "$x" = 5 ]'
}
"$@"
