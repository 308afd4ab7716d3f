# needs: -
prepare() { mkdir -p a/b && seq 1 100 >a/f && ln -s f a/l && mkfifo p; }
run() {
    mkdir c && cp -a a/b a/f a/l c && mv c/f c/g && rm -r c/b && chmod 600 a/f && touch -d 2020-01-01 a/f && stat a/f >/dev/null
    ln a/f h && cmp a/f h && mkdir -p x/y/z && rmdir x/y/z && rmdir a && truncate -s 5000 big && split -b 1000 big part.
    od -c big | tail -n 1; comm a/f h | wc -l; df . >/dev/null; install -m 755 a/f bin && sha256sum bin h
}
"$@"
