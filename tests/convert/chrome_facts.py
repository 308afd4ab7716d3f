#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# What two recordings, or a trace and its recording, must agree on, as sorted lines to compare.
#   chrome_facts.py json FILE    of a trace: its events with times in ns; refuses what is no strict JSON
#   chrome_facts.py rna          of the lines of rn-cat --json on standard input
# Both: kind, name, begin and length in ns, correlation.
import decimal
import json
import sys

KINDS = {"kernel": "kernel", "gpu_memcpy": "transfer", "gpu_memset": "transfer",
         "cuda_runtime": "api", "cuda_driver": "api"}


def of_trace(path):
    def no_constant(name):
        raise ValueError(name + " is no JSON")

    with open(path, "rb") as file:
        text = file.read()
    if path.endswith(".strict"):
        text = text.decode()
        trace = json.loads(text, parse_float=decimal.Decimal, parse_constant=no_constant)
    else:
        text = text.decode("utf-8", "replace").rstrip()
        if text.startswith("[") and not text.endswith("]"):
            text = text.rstrip(",") + "]"
        trace = json.loads(text, parse_float=decimal.Decimal)
    base = 0
    if isinstance(trace, dict):
        base = int(trace.get("baseTimeNanoseconds", trace.get("beginningOfTime", 0) * 1000))
        trace = trace["traceEvents"]
    open_slices = {}
    for event in trace:
        phase = event["ph"]
        if phase not in "XiInBEbesftC":
            continue
        start = base + int(decimal.Decimal(event["ts"]) * 1000)
        duration = int(decimal.Decimal(event.get("dur", 0)) * 1000) if phase == "X" else 0
        name, kind = event.get("name", ""), "span"
        if phase in "Be" + "bE":
            key = (event["pid"], event["tid"]) if phase in "BE" else (
                event["id"], event.get("cat"), name)
            if phase in "Bb":
                open_slices.setdefault(key, []).append((name, start))
                continue
            name, begin = open_slices[key].pop()
            start, duration = begin, start - begin
        elif phase in "stf":
            kind = "flow"
        elif phase == "C":
            for value in event["args"].values():
                yield "counter", name, start, 0, 0
            continue
        correlation = 0
        if phase == "X" and event.get("cat") in KINDS:
            kind = KINDS[event["cat"]]
            correlation = event["args"].get("correlation", 0)
        yield kind, name, start, duration, correlation


def of_recording():
    for line in sys.stdin:
        event = json.loads(line)
        if event["kind"] in ("process", "notice"):
            continue
        yield (event["kind"], str(event.get("name", "")), int(event["start_ns"]),
               int(event["duration_ns"]), int(event["args"].get("correlation", 0)))


facts = of_trace(sys.argv[2]) if sys.argv[1] == "json" else of_recording()
for fact in sorted(facts):
    print(*fact)
