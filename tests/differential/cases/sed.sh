# needs: sed
prepare() { seq 1 20000 >lines; }
run() { sed -i.orig -e 's/7/seven/g' -e '/00$/d' lines; sed -n '$=' lines; sed 's/(/' lines; }
"$@"
