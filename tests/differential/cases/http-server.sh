# needs: python3 curl
# varies: poll rt_sigaction wait4 rt_sigprocmask
# A server and a client on loopback. The fifo tells when it listens, so that nobody polls; an answer
# is one write, so that it is read in one piece. The last client and the server end at the same time:
# the shell reaps them in one handler or in two.
prepare() { mkfifo ready && cat >server.py <<'PY'
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self):
        status = b"200 OK" if self.path == "/page" else b"404 Not Found"
        self.wfile.write(b"HTTP/1.0 " + status + b"\r\nContent-Length: 6\r\n\r\nhello\n")
server = http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
with open("ready", "w") as f: f.write("ready\n")
for _ in range(3): server.handle_request()
PY
}
run() {
    python3 server.py || echo failed >ready &
    read -r line <ready
    for page in page absent page; do
        curl -s -o /dev/null -w '%{http_code}\n' "http://127.0.0.1:$PORT/$page"
    done
    wait
}
"$@"
