# needs: tar
prepare() { mkdir d && for i in $(seq 1 6); do seq 1 $((i * 2)) >d/f$i; done; ln -s f1 d/link; ln d/f2 d/hard; }
run() { tar --sort=name -czf d.tar.gz d && mkdir out && tar -xzf d.tar.gz -C out && tar -tf d.tar.gz >list; }
"$@"
