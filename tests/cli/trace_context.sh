#!/bin/bash
# SPDX-License-Identifier: MIT
# Recordings that are made one from within another, or of the parts of a script, link up: each names
# the span of the one above, and the exported spans form one tree.
set -u
parent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
unset TRACEPARENT TRACESTATE RN_LAMPORT

of() { rn-info --json --brief "$1" | jq -r ".trace.$2"; }
check() { if [ "$2" = "$3" ]; then echo "ok - $1"; else echo "not ok - $1: '$2', not '$3'"; fi; }

command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }

# Somebody outside of the recording records what it is asked to, as a daemon or another host would.
mkfifo asked done
(
    read -r TRACEPARENT TRACESTATE RN_LAMPORT <asked
    export TRACEPARENT TRACESTATE RN_LAMPORT
    rn-record -q --propagate -o inner.rna -- env >inner.env
    echo >done
) &
TRACEPARENT=$parent TRACESTATE=a=1,b=2 rn-record -q --propagate -o outer.rna -- \
    sh -c 'echo "$TRACEPARENT $TRACESTATE $RN_LAMPORT" >asked; read -r word <done' || exit 1
wait

check "a recording is under the span of the environment" "$(of outer.rna parent)" $parent
check "the one below is under that of the one above" "$(of inner.rna parent)" "$(of outer.rna given)"
check "the state is passed on" "$(of inner.rna state)" a=1,b=2
check "Lamport's clock goes on" "$(of outer.rna lamport) $(of inner.rna lamport)" "0 1"
check "what the program gets is what is kept" "$(sed -n s/TRACEPARENT=//p inner.env)" \
    "$(of inner.rna given)"
check "and no other is there" "$(grep -c 'TRACEPARENT\|RN_LAMPORT' inner.env)" 2

cat >tree.jq <<'END'
# Spans of which the parent is missing, and whether the inner recording's root is below the outer one's.
[inputs.resourceSpans[].scopeSpans[].spans[]] as $spans
| ($spans | map({(.traceId + .spanId): .}) | add) as $by_id
| [$spans[] | select(.parentSpanId and ($by_id[.traceId + .parentSpanId] == null)) | .parentSpanId]
  as $orphans
| [$spans[] | select(.parentSpanId == $outer and .spanId == $inner)] as $links
| "\([$spans[].traceId] | unique | length) \($orphans | join(",")) \($links | length)"
END
tree() {
    rn-export-otlp -q -o tree.jsonl "$@" &&
        jq -rn --arg outer "$(of outer.rna given | cut -d- -f3)" \
            --arg inner "$(of inner.rna given | cut -d- -f3)" -f tree.jq tree.jsonl
}
check "the exported spans are one tree" "$(tree outer.rna inner.rna)" "1 b7ad6b7169203331 1"
check "so they are where the environment says otherwise" \
    "$(TRACEPARENT=00-11111111111111111111111111111111-2222222222222222-01 tree inner.rna outer.rna)" \
    "1 b7ad6b7169203331 1"

# The recorder itself can be recorded, under every engine: it is let have its program.
engines=ptrace
rn-record --features | grep -q 'engines:.* inline' && engines="ptrace inline"
for above in $engines; do
    for below in $engines; do
        rn-record -q --engine=$above --propagate -o outer.rna -- \
            rn-record -q --engine=$below --propagate -o inner.rna -- \
            sh -c 'echo in | cat; exit 3' >nested.out
        check "$below below $above: status and output" "$? $(cat nested.out)" "3 in"
        check "$below below $above: linked" "$(of inner.rna parent)" "$(of outer.rna given)"
        check "$below below $above: all of the program is in its own recording" \
            "$(rn-cat -e write inner.rna | grep -c '"in\\n"')" 2
        check "$below below $above: the spans are one tree" "$(tree inner.rna outer.rna)" "1  1"
    done
done
rn-record -q --propagate -o outer.rna -- sh -c 'rn-record -q --propagate -o inner.rna -- \
    sh -c "rn-record -q -o last.rna -- true; true"; true'
check "three, with shells between" \
    "$(of last.rna lamport) $(of last.rna parent) $(of inner.rna parent)" \
    "2 $(of inner.rna given) $(of outer.rna given)"

# Merged, each begins after what led to it.
rn-merge -q -o all.rna last.rna inner.rna outer.rna
check "merged: context edges" "$(rn-cat --json --kind edge all.rna |
    jq -c 'select(.args.mechanism == 15) | [.args.certainty, .args.from_ordinal, .args.to_ordinal]')" \
    "$(printf '[1,0,0]\n[1,0,0]')"

# A script that begins a trace by itself: each of its recordings has one of its own.
rn-record -q --propagate -o first.rna -- true
rn-record -q --propagate -o second.rna -- true
check "no parent" "$(of first.rna parent)" null
[ "$(of first.rna given)" != "$(of second.rna given)" ] || echo "not ok - two recordings, two spans"

# What is not valid is not used, and not passed on.
TRACEPARENT=00-x TRACESTATE=a=1 RN_LAMPORT=-1 rn-record -o bad.rna --propagate -- env >bad.env 2>bad.err
check "a bad parent is none" "$(of bad.rna parent)" null
check "its state is not passed on" "$(grep -c TRACESTATE bad.env)" 0
check "that is told" "$(grep -c 'is not used' bad.err)" 2
TRACEPARENT=00-x rn-record -o plain.rna -- env >plain.env 2>plain.err
check "without --propagate the environment stays as it is" \
    "$(sed -n s/TRACEPARENT=//p plain.env)$(cat plain.err)" 00-x
exit 0
