# needs: xargs
# varies: poll wait4
prepare() { :; }
run() { seq 1 12 | xargs -P 3 -n 2 echo >>list; echo a b | xargs -n 1 false; echo $?; }
"$@"
