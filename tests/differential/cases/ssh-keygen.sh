# needs: ssh-keygen
prepare() { :; }
run() { ssh-keygen -q -t ed25519 -N '' -C test -f key && ssh-keygen -l -f key.pub | wc -l; ssh-keygen -y -f absent; }
"$@"
