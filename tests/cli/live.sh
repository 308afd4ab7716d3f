#!/bin/bash
# SPDX-License-Identifier: MIT
# What a program did is shown while it goes on: this one ends when somebody has read how it began.
mkfifo go_on
rn-record -q -o - -- timeout 30 sh -c 'read -r word <go_on' | rn-cat - | {
    IFS= read -r first
    # Fails where nobody reads any more: the program was ended by its time limit.
    timeout 1 sh -c 'echo word >go_on' || exit 1
    cat >rest
    echo "$first"
} | grep 'execve(.*timeout' && grep 'exited with 0' rest
