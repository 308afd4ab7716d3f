#!/bin/sh
# SPDX-License-Identifier: MIT
# The same with gdb, which starts its program through a shell.
# needs: gdb
# as: strace
# engines: apart
gdb -nx -batch -ex run -ex quit true </dev/null 2>/dev/null | grep -v 'process [0-9]' | head -3
echo "gdb: $?"
