#!/bin/bash
# SPDX-License-Identifier: MIT
# Graphs of real recordings, with hostile names and texts, as other programs read them.
set -u

cat >odd.py <<'END'
import os, subprocess, sys, threading
names = [b"<&>\"'.]]>", b"\x01\x02\x1b[31m", b"\xff\xfe", b"\xef\xbf\xbe\xef\xbf\xbf", b"\xc2\x85",
         b"new\nline\\n", "\u00e9\U0001f600".encode(), b"--> %s ${x} `y`"]
for name in names:
    read, write = os.pipe()
    if os.fork() == 0:
        with open("/proc/self/comm", "wb") as comm:
            comm.write(name[:15])
        os.write(write, name * 4)
        os._exit(0)
    os.close(write)
    os.read(read, 1000)
    os.wait()
thread = threading.Thread(target=lambda: os.write(1, b"out\n"))
thread.start()
thread.join()
END
rn-record -q -o odd.rna -- python3 odd.py >/dev/null || echo "not ok - python3 is recorded"
rn-record -q -o pipe.rna -- sh -c 'seq 1 20000 | sort -n | tail -n 1' >/dev/null

cat >graphml.py <<'END'
import sys, xml.etree.ElementTree as tree
NS = "{http://graphml.graphdrawing.org/xmlns}"
root = tree.parse(sys.argv[1]).getroot()
assert root.tag == NS + "graphml"
keys = {k.get("id"): k for k in root.findall(NS + "key")}
graph = root.find(NS + "graph")
assert graph.get("edgedefault") == "directed"
types = {"long": int, "string": str, "boolean": lambda t: {"true": True, "false": False}[t]}
def data(element, domain):
    got = {}
    for item in element.findall(NS + "data"):
        key = keys[item.get("key")]
        assert key.get("for") == domain and key.get("attr.name") not in got
        got[key.get("attr.name")] = types[key.get("attr.type")](item.text or "")
    return got
nodes = {n.get("id"): data(n, "node") for n in graph.findall(NS + "node")}
assert len(nodes) == len(graph.findall(NS + "node"))
edges = [(e.get("source"), e.get("target"), data(e, "edge")) for e in graph.findall(NS + "edge")]
for source, target, about in edges:
    assert source in nodes and target in nodes, (source, target)
    if about["mechanism"] == "next":
        assert nodes[source]["stream"] == nodes[target]["stream"]
        assert nodes[source]["ordinal"] < nodes[target]["ordinal"]
    else:
        assert nodes[source]["start_ns"] <= nodes[target]["start_ns"] + nodes[target]["duration_ns"]
# Proven edges and the order of threads have no circle.
after = {}
for source, target, about in edges:
    if about["proven"]:
        after.setdefault(source, []).append(target)
state = {}
for first in nodes:
    stack = [(first, iter(after.get(first, [])))] if first not in state else []
    state.setdefault(first, 1)
    while stack:
        node, rest = stack[-1]
        for following in rest:
            assert state.get(following) != 1, "a circle"
            if following not in state:
                state[following] = 1
                stack.append((following, iter(after.get(following, []))))
                break
        else:
            state[node] = 2
            stack.pop()
mechanisms = {about["mechanism"] for _, _, about in edges}
assert {"fork", "exit", "pipe", "next"} <= mechanisms, mechanisms
linked = {end for s, t, about in edges if about["mechanism"] != "next" for end in (s, t)}
print(len(nodes), len(edges), "linked" if linked == set(nodes) else "all")
END

# The parser of ShiViz with its usual expression, and what it asks of clocks.
cat >shiviz.py <<'END'
import json, re, sys
text = open(sys.argv[1], encoding="utf-8").read()
pattern = re.compile(r"(?P<host>\S*) (?P<clock>{.*})\n(?P<event>.*)")
events, at = [], 0
for match in pattern.finditer(text):
    assert text[at:match.start()].strip() == "", "something between events"
    at = match.end()
    events.append((match["host"], json.loads(match["clock"]), match["event"]))
assert text[at:].strip() == "" and events
seen, clocks = {}, {}
for host, clock, event in events:
    assert clock[host] == seen.get(host, 0) + 1, "its own number grows by one"
    for other, count in clock.items():
        assert count >= 1
        if other != host:
            assert count <= seen.get(other, 0), "nothing comes before its cause"
    before = clocks.get(host, {})
    assert all(clock.get(h, 0) >= n for h, n in before.items()), "clocks only grow"
    # What is known of another one is all that it knew then.
    for other, count in clock.items():
        if other != host:
            assert all(clock.get(h, 0) >= n for h, n in history[other, count].items())
    seen[host] = clock[host]
    clocks[host] = clock
    globals().setdefault("history", {})[host, clock[host]] = clock
assert len(seen) > 1 and any(len(c) > 1 for _, c, _ in events)
print(len(events))
END

check() {
    local name=$1
    shift
    if "$@" >out 2>&1; then
        echo "ok - $name"
    else
        cat out
        echo "not ok - $name"
    fi
}

for name in odd pipe; do
    for format in graphml dot shiviz; do
        rn-graph --format $format -o $name.$format $name.rna || echo "not ok - $name as $format"
    done
    check "$name: GraphML is what it says" sh -c "python3 graphml.py $name.graphml | grep linked"
    check "$name: ShiViz can read the log" python3 shiviz.py $name.shiviz
    if command -v xmllint >/dev/null; then
        check "$name: GraphML for xmllint" xmllint --noout $name.graphml
    else
        echo "ok - $name: GraphML for xmllint # SKIP xmllint is not installed"
    fi
    if command -v dot >/dev/null; then
        check "$name: a picture by Graphviz" sh -c "dot -Tsvg $name.dot >$name.svg && grep -q '<svg' $name.svg"
        check "$name: as many nodes for gvpr as in GraphML" \
            sh -c "[ \"\$(gvpr 'BEG_G { printf(\"%d\", \$G.n_nodes); }' $name.dot)\" = \
                \"\$(grep -c '<node ' $name.graphml)\" ]"
    else
        echo "ok - $name: a picture by Graphviz # SKIP graphviz is not installed"
    fi
    if python3 -c 'import networkx' 2>/dev/null; then
        check "$name: NetworkX can read it" python3 -c "
import networkx
g = networkx.read_graphml('$name.graphml')
assert g.is_directed() and len(g) == open('$name.graphml').read().count('<node ')
assert all('label' in d for _, d in g.nodes(data=True))"
    else
        echo "ok - $name: NetworkX can read it # SKIP python3-networkx is not installed"
    fi
done

rn-graph --all --format graphml pipe.rna >all.graphml
check "--all has every event" sh -c \
    '[ "$(grep -c "<node " all.graphml)" = "$(rn-info --json pipe.rna | sed "s/.*\"events\":\([0-9]*\).*/\1/")" ]'
check "--all is whole" sh -c 'python3 graphml.py all.graphml | grep all'
rn-graph -e read,write --format graphml pipe.rna >some.graphml
check "only what is selected" sh -c \
    '! grep "key=\"label\"" some.graphml | grep -v ">\(read\|write\)("; grep -q ">pipe<" some.graphml'
check "as text" grep -q 'label="seq.nwrite(' pipe.dot
exit 0
