#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# What a Perfetto trace says, from what protoc --decode prints of it (standard input), as lines like
# those of chrome_facts.py: kind, name, begin and length in ns, correlation. Kinds are what the
# category says. Refuses a trace in which slices do not nest, in which a number of a text is used that
# was not told, or in which a begin has no end. With --tracks the tracks and their names instead, with
# --arrows how many ids begin on one slice and end on another.
import re
import sys


def parse(lines):
    """Messages as lists of (key, value); value is a list for a message."""
    stack = [[]]
    for line in lines:
        line = line.strip()
        if line.endswith("{"):
            message = []
            stack[-1].append((line[:-1].strip(), message))
            stack.append(message)
        elif line == "}":
            stack.pop()
            if len(stack) == 1:
                yield stack[0].pop()
        else:
            key, value = line.split(": ", 1)
            stack[-1].append((key, value))


def get(message, key, default=None):
    for name, value in message:
        if name == key:
            return value
    return default


def text(value):
    return re.sub(r'\\([0-7]{3}|.)',
                  lambda m: chr(int(m[1], 8)) if len(m[1]) == 3 else {"n": "\n", "t": "\t"}.get(
                      m[1], m[1]), value[1:-1])


KINDS = {"kernel": "kernel", "transfer": "transfer", "api": "api", "syscall": "syscall",
         "edge": "edge", "process": "process", "notice": "notice", "signal": "signal",
         "module": "module", "counter": "counter"}
tables = {}
tracks = {}
stacks = {}
facts = []
arrows = {}
clock = None


def learn(interned):
    for which, entry in interned:
        tables.setdefault(which, {})[get(entry, "iid")] = text(get(entry, "name"))


def number(event, key):
    for name, value in event:
        if name == "debug_annotations" and tables["debug_annotation_names"][
                get(value, "name_iid")] == key:
            return int(get(value, "uint_value", get(value, "int_value", 0)))
    return 0


def see(event, ns):
    track, kind = get(event, "track_uuid"), get(event, "type")
    if track not in tracks:
        raise ValueError("track " + track + " was not told")
    for name, value in event:
        if name == "flow_ids":
            arrows.setdefault(value, []).append((ns, track))
    stack = stacks.setdefault(track, [])
    if kind == "TYPE_SLICE_END":
        begin, fact = stack.pop()
        if ns < begin:
            raise ValueError("ends before it begins")
        facts.append(fact[:3] + (ns - begin,) + fact[3:])
        return
    if kind == "TYPE_COUNTER":
        facts.append(("counter", tracks[track][0], ns, 0, 0))
        return
    name = tables["event_names"][get(event, "name_iid")]
    category = get(event, "category_iids")
    category = tables["event_categories"][category] if category else ""
    is_flow = get(event, "flow_ids") and kind == "TYPE_INSTANT"
    fact = ("flow" if is_flow else KINDS.get(category, "span"), name, ns)
    correlation = number(event, "correlation")
    if stack and ns < stack[-1][0]:
        raise ValueError("slices of a track are not in order")
    if kind == "TYPE_INSTANT":
        facts.append(fact + (0, correlation))
    else:
        stack.append((ns, fact + (correlation,)))


for name, packet in parse(sys.stdin):
    if int(get(packet, "sequence_flags", "0")) & 1:
        tables.clear()
        clock = get(get(packet, "trace_packet_defaults"), "timestamp_clock_id")
    if get(packet, "interned_data"):
        learn(get(packet, "interned_data"))
    descriptor = get(packet, "track_descriptor")
    if descriptor is not None:
        parent = get(descriptor, "parent_uuid", "0")
        if parent != "0" and parent not in tracks:
            raise ValueError("parent " + parent + " was not told")
        named = get(descriptor, "name") or get(get(descriptor, "process", []), "process_name") or get(
            get(descriptor, "thread", []), "thread_name", '""')
        tracks[get(descriptor, "uuid")] = (text(named), parent, [key for key, value in descriptor
                                                               if isinstance(value, list)])
    event = get(packet, "track_event")
    if event:
        if clock != "1":
            raise ValueError("times are not of CLOCK_REALTIME")
        see(event, int(get(packet, "timestamp")))
if any(stacks.values()):
    raise ValueError("a slice has no end")
if "--tracks" in sys.argv:
    for named, parent, kinds in tracks.values():
        print(" ".join(kinds) or "track", named, "of", tracks[parent][0] if parent != "0" else "-")
elif "--arrows" in sys.argv:
    print(sum(len(ends) > 1 for ends in arrows.values()))
else:
    for fact in sorted(facts):
        if fact[0] not in ("process", "notice"):
            print(*fact)
