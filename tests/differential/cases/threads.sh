# needs: -
# varies: futex
# Threads that hand a token round through pipes, and join.
prepare() { :; }
run() { exec "$RN_PROGRAMS/threads" 8 40; }
"$@"
