# needs: ls
prepare() { for i in a b c; do mkdir -p t/$i/x && touch t/$i/x/1 t/$i/x/2 && ln -s x t/$i/l; done; }
run() { ls -lR t; ls absent; ls --color=always -i t/a; }
"$@"
