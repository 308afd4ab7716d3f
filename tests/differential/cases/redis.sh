# needs: redis-server redis-cli
# varies: futex epoll_wait
# all
prepare() { mkfifo log; }
run() {
    redis-server --port "$PORT" --bind 127.0.0.1 --save '' --appendonly no --hz 1 >log 2>&1 &
    exec 3<log
    while read -r line <&3; do case $line in *"Ready to accept"*) break ;; esac; done
    redis-cli -p "$PORT" set a 1; redis-cli -p "$PORT" incr a; redis-cli -p "$PORT" shutdown nosave
    wait
}
"$@"
