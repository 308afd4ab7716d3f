#!/bin/sh
# SPDX-License-Identifier: MIT
# A set-user-ID program and one with file capabilities, executed by an ordinary user: what they get
# depends on what the tracer may do, for the inline engine as for strace -f. They are made where the
# runner is root; an ordinary user uses what it has left.
# needs: setpriv setcap id grep
# as: strace
# engines: apart
programs=$TORTURE/privileged
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$programs"
    cp "$(command -v id)" "$programs/id" && chmod 4755 "$programs/id"
    cp "$(command -v grep)" "$programs/grep" && setcap cap_net_raw+ep "$programs/grep"
    as='setpriv --reuid=65534 --regid=65534 --clear-groups'
fi
if [ -x "$programs/id" ]; then
    $as "$programs/id" -u
    $as "$programs/grep" ^CapEff: /proc/self/status
    $as sh -c '"$0" -u; "$1" ^CapEff: /proc/self/status; id -u' "$programs/id" "$programs/grep"
fi
