# needs: vim.tiny
prepare() { seq 1 300 >f; }
run() { exec vim.tiny -u NONE -i NONE -n -es -c '%s/1/one/g' -c 'wq! out' f; }
"$@"
