#!/bin/bash
# SPDX-License-Identifier: MIT
# Threads are called what they are named, by themselves or by others.
set -u
cat >names.c <<'C'
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>
static int told[2];
static void *by_itself(void *name) { prctl(PR_SET_NAME, name); return NULL; }
static void *by_another(void *byte) { return read(told[0], byte, 1) == 1 ? NULL : byte; }
int main(void)
{
    pthread_t first, second;
    char byte;

    if (pipe(told) != 0 || pthread_create(&first, NULL, by_itself, "own-name") != 0 ||
        pthread_create(&second, NULL, by_another, &byte) != 0)
        return 1;
    if (pthread_setname_np(second, "given-name") != 0 || write(told[1], "", 1) != 1)
        return 1;
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    return 0;
}
C
gcc -O1 -pthread -o names names.c || exit 1
for engine in inline ptrace; do
    rn-record -q --engine=$engine -o names.rna -- ./names || { echo "not ok - recorded by $engine" && continue; }
    for name in names own-name given-name; do
        if rn-stat --attribution names.rna | grep -q " $name\$"; then
            echo "ok - $engine: $name"
        else
            echo "not ok - $engine: $name"
        fi
    done
done

# A program is called what it was executed as, a link or not, and cut as the kernel cuts it.
ln -sf names 'short\name'
ln -sf names a-name-of-many-letters
for engine in inline ptrace; do
    for link in 'short\name' a-name-of-many-letters; do
        rn-record -q --engine=$engine -o names.rna -- "./$link" || continue
        rn-cat --json -e kind=process names.rna >names.json
        if [ "$(jq -r 'select(.name == "exec").args.thread_name' names.json)" = "${link:0:15}" ]; then
            echo "ok - $engine: executed as $link"
        else
            echo "not ok - $engine: executed as $link"
        fi
    done
done

# Segments begin with what is known already: nothing is called otherwise from there on.
ln -sf "$(command -v dd)" copier
for engine in inline ptrace; do
    rn-record -q --engine=$engine --content=4096 -o names.rna -- ./copier if=/dev/urandom of=/dev/null \
        bs=4K count=3000 2>/dev/null || continue
    segments=$(rn-info --json names.rna | jq .segments)
    for by in process thread; do
        called=$(rn-stat --by $by --csv names.rna | sed '1d; s/,.*//' | sort -u)
        if [ "$segments" -ge 2 ] && [ "$called" = copier ]; then
            echo "ok - $engine: $by, in several segments"
        else
            echo "not ok - $engine: $by, in $segments segments: $called"
        fi
    done
done
