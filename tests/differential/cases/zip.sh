# needs: zip unzip
prepare() { mkdir a && for i in 1 2 3 4 5; do seq 1 $((i * 900)) >a/f$i; done; }
run() { zip -q a.zip a/f* && unzip -qo a.zip -d out && unzip -l a.zip >list; unzip -qt a/f1; }
"$@"
