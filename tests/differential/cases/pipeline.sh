# needs: -
# Each stage writes once, at its end: how a longer stream is cut into reads would be chance.
prepare() { seq 1 700 >numbers; }
run() { cat numbers | tr 1-5 6-9 | sort -n | uniq -c | sed 's/^ *//' | wc -l >count; cat count; }
"$@"
