# SPDX-License-Identifier: MIT
# varies: futex getrandom brk mmap munmap
# needs: gcc i686-linux-gnu-gcc
# notice: is a 32-bit program
# 64-bit and 32-bit programs that execute each other.
source=$(dirname "$0")/../programs/threads_exec.c
gcc -O1 -static -pthread -o glibc-static "$source" &&
gcc -O1 -pthread -o glibc-dynamic "$source" &&
i686-linux-gnu-gcc -O1 -static -pthread -o i386-static "$source" || exit 1
./glibc-static ./i386-static ./glibc-dynamic ./i386-static
