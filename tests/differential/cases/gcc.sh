# needs: gcc
prepare() { printf '#include <stdio.h>\nint main(void) { return puts("x") < 0; }\n' >x.c; }
run() { gcc -O1 -c x.c && gcc -o x x.o && ./x; gcc -c absent.c; }
"$@"
