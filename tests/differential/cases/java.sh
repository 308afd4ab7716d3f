# needs: java
# varies: end brk futex sched_yield clock_nanosleep mprotect madvise rt_sigprocmask mmap munmap prctl gettid
# all
# Interpreter only and one collector thread: fewer calls that depend on timing.
prepare() { :; }
run() { exec java -XX:-UseContainerSupport -XX:-UsePerfData -Xint -XX:+UseSerialGC -Xshare:auto -XX:TieredStopAtLevel=0 -version; }
"$@"
