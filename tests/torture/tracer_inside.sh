#!/bin/sh
# SPDX-License-Identifier: MIT
# A tracer under the recorder: a process has one tracer at most, so strace cannot have its child. Both
# must end as they do under strace -f, and nothing may hang.
# needs: strace
# as: strace
# engines: apart
strace -f -o trace.txt true 2>/dev/null
echo "strace: $?"
strace -o trace.txt -p $$ 2>/dev/null
echo "strace -p: $?"
