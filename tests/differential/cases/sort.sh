# needs: sort
prepare() { seq 1 60000 | rev >lines; }
run() { exec sort --parallel=1 -S 64K -T tmp lines -o sorted; }
"$@"
