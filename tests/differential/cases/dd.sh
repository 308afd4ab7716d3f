# needs: dd
prepare() { :; }
run() { dd status=none if=/dev/zero of=/dev/null bs=1 count=2000; dd status=none if=/dev/zero of=f bs=10000 count=3; dd status=noxfer if=f of=g bs=512 skip=5 seek=7 conv=notrunc,sync; }
"$@"
