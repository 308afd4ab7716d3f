# needs: openssl
prepare() { seq 1 300 >f; }
run() {
    openssl dgst -sha256 f && openssl enc -aes-256-cbc -pbkdf2 -pass pass:x -in f -out f.enc &&
        openssl enc -d -aes-256-cbc -pbkdf2 -pass pass:x -in f.enc -out g && cmp f g; openssl x509 -in f -noout
}
"$@"
