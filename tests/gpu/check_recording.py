#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_recording.py EXPECTED.json EVENTS.jsonl: does what rn-cat --json printed of a recording show
what the program says that it did on its device? One line a test; exit status 1 if any failed.

EXPECTED has, each where it is to be looked at:
  kernels            name: how many (a name is in the kernel's name)
  transfers          direction (enum rn_direction): [how many, bytes]
  calls              name: how many
  graph_kernels      kernels that are nodes of graphs
  spin_ms            what cudaEvent says that the first kernels named "spin" took
  overlap            two kernels of that name ran at the same time
  at_least, kernels_at_least, bytes_at_least   lower bounds of the same
  unfinished         kernels that had not ended when the program did (0 if not said), or "any"
"""
import collections
import json
import sys

SLACK_NS = 50_000  # of a device interval against the call that caused it, converted


def name_of(event):
    return event.get("name") or f"a transfer in direction {event['args']['direction']}"


def end_of(event):
    return event["since_start_ns"] + event["duration_ns"]


class Recording:
    def __init__(self, path):
        self.kernels, self.transfers, self.calls = [], [], []
        kinds = {"kernel": self.kernels, "transfer": self.transfers, "api": self.calls}
        for line in open(path):
            event = json.loads(line)
            if event["kind"] in kinds:
                kinds[event["kind"]].append(event)
        for events in kinds.values():
            events.sort(key=lambda event: event["since_start_ns"])
        self.by_correlation = collections.defaultdict(list)
        for call in self.calls:
            if call["args"]["layer"] < 2:
                self.by_correlation[call["args"]["correlation"]].append(call)

    def named(self, name):
        return [kernel for kernel in self.kernels if name in kernel["name"]]

    def in_direction(self, direction):
        return [t for t in self.transfers if t["args"]["direction"] == int(direction)]


failures = 0


def verdict(name, problem):
    global failures
    if problem:
        print(f"# {problem}\nnot ok - {name}")
        failures += 1
    else:
        print(f"ok - {name}")


def differs(expected, found):
    return None if expected == found else f"expected {expected}, found {found}"


def below(expected, found):
    return None if found >= expected else f"expected at least {expected}, found {found}"


def check_counts(wanted, recording):
    for name, count in wanted.get("kernels", {}).items():
        verdict(f"kernels: {name}", differs(count, len(recording.named(name))))
    for direction, (count, size) in wanted.get("transfers", {}).items():
        found = recording.in_direction(direction)
        total = sum(transfer["args"]["bytes"] for transfer in found)
        verdict(f"transfers: direction {direction}", differs((count, size), (len(found), total)))
    for name, count in wanted.get("calls", {}).items():
        found = [call for call in recording.calls if call["name"].startswith(name)]
        verdict(f"calls: {name}", differs(count, len(found)))
    if "graph_kernels" in wanted:
        nodes = [k for k in recording.kernels if k["args"]["graph_node"]]
        verdict("kernels of graphs", differs(wanted["graph_kernels"], len(nodes)))


def check_bounds(wanted, recording):
    for name, count in wanted.get("at_least", {}).items():
        verdict(f"kernels: {name}", below(count, len(recording.named(name))))
    if "kernels_at_least" in wanted:
        verdict("kernels", below(wanted["kernels_at_least"], len(recording.kernels)))
    for direction, size in wanted.get("bytes_at_least", {}).items():
        total = sum(t["args"]["bytes"] for t in recording.in_direction(direction))
        verdict(f"bytes: direction {direction}", below(size, total))


def check_order(recording):
    """On one stream one thing after the other."""
    last = {}
    for event in sorted(recording.kernels + recording.transfers,
                        key=lambda event: event["since_start_ns"]):
        before = last.get(event["stream"])
        if before and event["since_start_ns"] < end_of(before) - 1000:
            return f"{name_of(event)} begins before {name_of(before)} has ended on its stream"
        last[event["stream"]] = event
    return None


def check_correlation(recording):
    """Each was caused by a call, and did not begin before that."""
    if not recording.kernels + recording.transfers:
        return "there are no kernels and no transfers"
    for event in recording.kernels + recording.transfers:
        calls = recording.by_correlation.get(event["args"]["correlation"])
        if not calls:
            return f"{name_of(event)} has no call with its correlation id"
        begun = min(call["since_start_ns"] for call in calls)
        if event["since_start_ns"] < begun - SLACK_NS:
            return f"{name_of(event)} begins {begun - event['since_start_ns']} ns before its call"
    return None


def print_margins(recording):
    """How near device intervals come to the calls that caused them and that waited for them."""
    begins = [event["since_start_ns"] - min(call["since_start_ns"] for call in
                                            recording.by_correlation[event["args"]["correlation"]])
              for event in recording.kernels if event["args"]["correlation"] in recording.by_correlation]
    waits = [call for call in recording.calls if "Synchronize" in call["name"]]
    ends = []
    for kernel in recording.named("spin"):
        after = [end_of(wait) - end_of(kernel) for wait in waits
                 if wait["since_start_ns"] < end_of(kernel) and end_of(wait) > end_of(kernel) - 1_000_000]
        ends += after[:1]
    if begins:
        print(f"# {len(begins)} kernels begin at least {min(begins)} ns after their calls")
    if ends:
        print(f"# {len(ends)} kernels end at least {min(ends)} ns before the calls that waited for them")


def check_durations(spans_ms, recording):
    """What lies between two cudaEvents is a little more than the kernel."""
    kernels = recording.named("spin")[:len(spans_ms)]
    if len(kernels) != len(spans_ms):
        return f"expected {len(spans_ms)} kernels, found {len(kernels)}"
    for kernel, ms in zip(kernels, spans_ms):
        difference = ms * 1e6 - kernel["duration_ns"]
        if not -20_000 < difference < 100_000:
            return f"cudaEvent says {ms} ms, the recording {kernel['duration_ns'] / 1e6} ms"
    return None


def check_overlap(name, recording):
    kernels = recording.named(name)
    for one, two in zip(kernels, kernels[1:]):
        if one["stream"] != two["stream"] and two["since_start_ns"] < end_of(one):
            return None
    return f"no two kernels {name} overlap"


def main():
    wanted = json.load(open(sys.argv[1]))
    recording = Recording(sys.argv[2])
    check_counts(wanted, recording)
    check_bounds(wanted, recording)
    verdict("order on each stream", check_order(recording))
    verdict("every kernel and transfer has its call", check_correlation(recording))
    print_margins(recording)
    if "spin_ms" in wanted:
        verdict("durations against cudaEvent", check_durations(wanted["spin_ms"], recording))
    if "overlap" in wanted:
        verdict("kernels that overlap", check_overlap(wanted["overlap"], recording))
    if wanted.get("unfinished") != "any":
        unended = [k for k in recording.kernels if "unfinished" in k.get("flags", [])]
        verdict("kernels that did not end", differs(wanted.get("unfinished", 0), len(unended)))
    return 1 if failures else 0


sys.exit(main())
