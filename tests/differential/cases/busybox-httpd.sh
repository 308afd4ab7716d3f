# needs: busybox
# inetd style: the request comes on standard input.
prepare() { echo hello >page.txt && printf 'GET /page.txt HTTP/1.0\r\n\r\n' >request; }
run() { for i in 1 2 3; do busybox httpd -i -h . <request >answer$i || :; done; cat answer3; }
"$@"
