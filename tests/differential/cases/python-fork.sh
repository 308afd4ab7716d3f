# needs: python3
prepare() { :; }
run() {
    exec python3 -c 'import os
for i in range(10):
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(r); os.write(w, b"x" * i); os._exit(i)
    os.close(w); data = os.read(r, 100); os.close(r)
    assert len(data) == i and os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == i'
}
"$@"
