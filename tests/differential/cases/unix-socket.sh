# needs: python3
prepare() { :; }
run() {
    exec python3 -c 'import array, os, socket
a, b = socket.socketpair()
if os.fork() == 0:
    a.close()
    message, control, flags, _ = b.recvmsg(100, socket.CMSG_SPACE(8))
    fd = array.array("i", control[0][2][:4])[0]
    os.write(fd, message); b.sendall(b"done"); os._exit(0)
b.close()
fd = os.open("passed", os.O_CREAT | os.O_RDWR)
a.sendmsg([b"over", b"there"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
assert a.recv(10) == b"done"; os.wait()
assert os.pread(fd, 20, 0) == b"overthere"
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("sock"); s.connect("sock")
s.send(b"x" * 500); assert len(s.recv(1000)) == 500'
}
"$@"
