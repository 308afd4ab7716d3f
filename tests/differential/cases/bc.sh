# needs: bc
prepare() { :; }
run() { echo 'scale=50; a(1)*4; 2^200; for(i=0;i<20;i++) sqrt(i)' | bc -l; }
"$@"
