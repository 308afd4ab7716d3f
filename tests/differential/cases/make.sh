# needs: make
prepare() { printf 'all: a b\na: c\n\tcat c >a\nb:\n\techo b >b\nc:\n\techo c >c\nbad:\n\tfalse\n' >Makefile; }
run() { make && make && make bad; }
"$@"
