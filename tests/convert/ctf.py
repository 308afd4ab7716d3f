#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""ctf.py TRACE RECORDING: what babeltrace2 says of a trace that rn-convert wrote is what rn-cat says of
the recording that it was made of: as many events, their names, their times to the nanosecond, and
what ties them. Prints what differs."""
import collections
import json
import re
import subprocess
import sys

LINE = re.compile(r"\[(\d+)\.(\d{9})\] (?:\S+ )?(\w+): \{([^}]*)\}, \{(.*)\}$")


def babeltrace(path):
    """(name of the class, ns, stream, payload) of each event."""
    text = subprocess.run(["babeltrace2", "--clock-seconds", "--no-delta", path], check=True,
                          stdout=subprocess.PIPE, text=True, errors="surrogateescape").stdout
    for line in text.splitlines():
        match = LINE.match(line)
        if not match:
            raise SystemExit(f"a line of babeltrace2 that is not understood: {line[:200]}")
        seconds, ns, name, context, payload = match.groups()
        stream = int(re.search(r"rn_stream = (\d+)", context)[1])
        yield name, int(seconds) * 10**9 + int(ns), stream, payload


def number(payload, field):
    match = re.search(rf"(?:^|, | )\b{field} = (-?\w+)", payload)
    return int(match[1], 0) if match else None


def text_of(payload, field):
    match = re.search(rf', {field} = "((?:[^"\\]|\\.)*)"', payload)
    return match[1] if match else None


def of_trace(path):
    for name, ns, stream, payload in babeltrace(path):
        if name == "rn_stream":
            continue
        if name.startswith("rn_"):
            yield (name[3:], ns, stream, text_of(payload, "name") or "",
                   number(payload, "duration"), number(payload, "correlation"))
        else:
            yield name, ns, stream, "", None, None


def of_recording(path):
    text = subprocess.run(["rn-cat", "--json", path], check=True, stdout=subprocess.PIPE).stdout
    for line in text.splitlines():
        event = json.loads(line)
        start, stream = int(event["start_ns"]), event["stream"]
        args = event.get("args", {})
        if event["kind"] == "syscall":
            name, unfinished = event["name"].split("@")[0], "unfinished" in event.get("flags", [])
            yield f"syscall_entry_{name}", start, stream, "", None, None
            end = start + event["duration_ns"]
            if unfinished:
                yield "unfinished", end, stream, "", None, None
            else:
                yield f"syscall_exit_{name}", end, stream, "", None, None
            continue
        if event["kind"] == "process":
            name = args.get("thread_name", "")
        else:
            name = event.get("name", "") if event["kind"] not in ("signal", "module") else ""
        correlation = args.get("correlation")
        yield (event["kind"], start, stream, name, event["duration_ns"],
               None if correlation is None else int(correlation))


def without_name(event):
    return event[:3] + ("",) + event[4:]


def main():
    ours = collections.Counter(of_recording(sys.argv[2]))
    nameless = {without_name(event) for event in ours if not event[3]}
    # Of a text that is empty babeltrace2 2.0 prints what it was in the event before of that class.
    theirs = collections.Counter(without_name(event) if without_name(event) in nameless else event
                                 for event in of_trace(sys.argv[1]))
    for event, count in (ours - theirs).items():
        print("only in the recording:", count, event)
    for event, count in (theirs - ours).items():
        print("only in the trace:", count, event)
    print(f"{sum(ours.values())} events of the recording, {sum(theirs.values())} of the trace")
    sys.exit(ours != theirs or not ours)


main()
