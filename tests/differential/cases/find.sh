# needs: find
prepare() { for i in a b c d; do for j in 1 2 3 4 5; do mkdir -p tree/$i/$j && echo $j >tree/$i/$j/file; done; done; }
run() { find tree -type f -name 'f*' -newermt 2001-01-01 -size -2 -printf '%p %s\n' | sort | tail -n 3; find tree -name 5 -exec ls {} +; }
"$@"
