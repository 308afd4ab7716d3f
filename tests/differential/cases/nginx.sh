# needs: nginx curl
# varies: epoll_wait poll rt_sigaction setitimer rt_sigsuspend
# Asked to end, the master looks again after 50 ms, then 100, until its workers have gone.
# all
prepare() {
    mkdir -p www && echo hello >www/index.html && chmod -R a+rX . && cat >nginx.conf <<CONF
worker_processes 1; pid $PWD/nginx.pid; error_log $PWD/error.log; user root;
events { worker_connections 32; }
http { access_log $PWD/access.log; client_body_temp_path $PWD/tmp; proxy_temp_path $PWD/tmp;
  fastcgi_temp_path $PWD/tmp; uwsgi_temp_path $PWD/tmp; scgi_temp_path $PWD/tmp;
  server { listen 127.0.0.1:$PORT; root $PWD/www; } }
CONF
}
run() {
    nginx -c "$PWD/nginx.conf"
    for page in index.html absent index.html; do curl -s -o /dev/null -w '%{http_code}\n' "http://127.0.0.1:$PORT/$page"; done
    kill "$(cat nginx.pid)"
}
"$@"
