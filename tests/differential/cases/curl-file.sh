# needs: curl
prepare() { seq 1 50000 >f; }
run() { curl -s -o g "file://$PWD/f" && cmp f g; curl -s "file://$PWD/absent"; echo $?; }
"$@"
