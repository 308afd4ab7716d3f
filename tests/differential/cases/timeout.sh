# needs: timeout
# varies: wait4 rt_sigsuspend kill
prepare() { :; }
run() { timeout 0.2 sleep 5; echo $?; timeout -s INT 0.2 sleep 5; echo $?; timeout 5 true; echo $?; timeout 5 /nonexistent; echo $?; }
"$@"
