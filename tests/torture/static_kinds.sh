# SPDX-License-Identifier: MIT
# varies: futex getrandom brk mmap munmap
# needs: gcc musl-gcc busybox
# Programs without a dynamic loader, of two libraries, which execute each other.
source=$(dirname "$0")/../programs/threads_exec.c
gcc -O1 -static -pthread -o glibc-static "$source" &&
gcc -O1 -static-pie -pthread -o glibc-static-pie "$source" &&
gcc -O1 -pthread -o glibc-dynamic "$source" &&
gcc -O1 -no-pie -pthread -o glibc-fixed "$source" &&
musl-gcc -O1 -static -o musl-static "$source" &&
musl-gcc -O1 -static-pie -o musl-static-pie "$source" &&
musl-gcc -O1 -o musl-dynamic "$source" || exit 1
./glibc-static ./glibc-static-pie ./glibc-fixed ./musl-static ./musl-static-pie ./musl-dynamic ./glibc-dynamic \
    ./musl-static
busybox sh -c 'for i in 1 2 3; do busybox echo $i | busybox cat | busybox wc -c; done'
