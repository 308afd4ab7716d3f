# needs: python3
# vfork and exec, with the error pipe of subprocess, and children that end by signals.
prepare() { :; }
run() {
    exec python3 -c 'import subprocess
for i in range(6):
    assert subprocess.check_output(["echo", "line", str(i)], stdin=subprocess.DEVNULL) == b"line %d\n" % i
try: subprocess.run(["/nonexistent"])
except FileNotFoundError: pass
print(subprocess.run(["sh", "-c", "kill -9 $$"]).returncode)'
}
"$@"
