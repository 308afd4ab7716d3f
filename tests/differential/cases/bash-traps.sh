# needs: bash
# varies: wait4
# (A child that is done before the shell waits is reaped by the handler of SIGCHLD.)
prepare() {
    cat >script.sh <<'SH'
trap 'echo usr1' USR1
trap 'echo term' TERM
trap 'echo child' CHLD
trap 'echo bye' EXIT
kill -USR1 $$
(exit 3); echo $?
bash -c 'kill -SEGV $$'; echo $?
bash -c 'trap "" PIPE; kill -PIPE $$; exit 4'; echo $?
kill -TERM $$
exec 5<<<"here"; read -r line <&5; echo "$line"
SH
}
run() { exec bash --norc script.sh; }
"$@"
