# needs: grep
prepare() { for i in a b c d; do mkdir -p t/$i && seq 1 2000 >t/$i/n && echo "needle $i" >>t/$i/n; done; }
run() { grep -rn needle t; grep -rlw absent t; grep -c 7 t/a/n; }
"$@"
