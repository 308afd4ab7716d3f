# needs: -
# exact
# varies: wait4
# Signals at known points: interrupted reads and sleeps, restarts, alternate stack, a fatal one.
prepare() { :; }
run() { "$RN_PROGRAMS/signals"; echo $?; }
"$@"
