# SPDX-License-Identifier: MIT
"""What must be true of every merged recording, whatever is in it: used by tests/merge/run.

verify(bin, merged, sources) raises AssertionError with what is not so. Returns a Merged."""
import bisect
import collections
import json
import random
import subprocess

STAMPED = ("syscall", "process", "signal", "module", "descriptor", "kernel", "block", "notice",
           "loss", "api", "transfer", "decision", "aggregate")


def rows(bin, path):
    text = subprocess.run([f"{bin}/rn-cat", "--json", path], stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in text.stdout.splitlines()]


def manifest(path):
    text = subprocess.run(["tar", "xOf", path, "manifest.json"], stdout=subprocess.PIPE, check=True)
    return json.loads(text.stdout)


class Merged:
    def __init__(self, bin, path):
        self.bin, self.path = bin, path
        self.manifest = manifest(path)
        self.sources = self.manifest["sources"]
        self.rows = rows(bin, path)
        self.edges = [dict(row["args"], at=i) for i, row in enumerate(self.rows)
                      if row["kind"] == "edge"]
        self.events = {}
        self.place = {}
        for i, row in enumerate(self.rows):
            if row["kind"] in STAMPED and "ordinal" in row:
                self.events[row["stream"], row["ordinal"]] = row
                self.place[row["stream"], row["ordinal"]] = i
        self.stamp()

    def source_of(self, stream):
        for number, source in enumerate(self.sources):
            if source["first_stream"] <= stream < source["first_stream"] + source["streams"]:
                return number
        raise AssertionError(f"stream {stream} is of no source")

    def proven(self):
        return [edge for edge in self.edges if edge["certainty"] == 1]

    def stamp(self):
        """By the rule of rn-archive(5)."""
        stated, last, self.stamps = {}, collections.Counter(), {}
        for row in self.rows:
            if row["kind"] == "edge":
                edge = row["args"]
                key = edge["to_stream"], edge["to_ordinal"]
                if edge["certainty"]:
                    stated[key] = max(stated.get(key, 0), int(edge["lamport"]))
            elif row["kind"] in STAMPED and "ordinal" in row:
                key = row["stream"], row["ordinal"]
                last[row["stream"]] = max(last[row["stream"]] + 1, stated.pop(key, 0))
                self.stamps[key] = last[row["stream"]]
        assert not stated, f"edges behind the events that they lead to: {list(stated)[:3]}"

    def check_edges(self):
        for edge in self.proven():
            cause = edge["from_stream"], edge["from_ordinal"]
            effect = edge["to_stream"], edge["to_ordinal"]
            assert cause in self.events, f"no event {cause}"
            assert effect in self.events, f"no event {effect}"
            assert self.stamps[cause] < self.stamps[effect], (cause, effect, edge)
            assert self.stamps[cause] == int(edge["from_lamport"]), (cause, edge)
            assert self.stamps[effect] >= int(edge["lamport"]), (effect, edge)
            assert edge["at"] < self.place[effect], f"edge behind its event {effect}"
            begin = int(self.events[cause]["start_ns"])
            end = int(self.events[effect]["start_ns"]) + self.events[effect]["duration_ns"]
            assert begin <= end + 100, f"{effect} ended before its cause {cause} began: {edge}"

    def check_sources(self, paths):
        """Every event of every source is there, as it was."""
        found = collections.defaultdict(list)
        for row in self.rows:
            if row["kind"] not in ("edge",) and row["stream"]:
                found[self.source_of(row["stream"])].append(row)
        for number, path in enumerate(paths):
            first = self.sources[number]["first_stream"]
            source = self.sources[number]

            def merged(stream, first=first, source=source):
                queues = source["streams"] - source["queues"] - 2 ** 31
                return first + stream + (queues if stream >= 2 ** 31 else 0)
            want = [(r["kind"], merged(r["stream"]), r.get("ordinal"), r.get("name"), r.get("ret"))
                    for r in rows(self.bin, path)]
            have = [(r["kind"], r["stream"], r.get("ordinal"), r.get("name"), r.get("ret"))
                    for r in found[number]]
            assert want == have, f"{path}: its events are not what they were"

    def reach(self, start):
        """The least stamp of each stream that an event leads to, by hand: over and over."""
        least = {start[0]: self.stamps[start]}
        changed = True
        while changed:
            changed = False
            for edge in self.proven():
                at = least.get(edge["from_stream"])
                if at is None or int(edge["from_lamport"]) < at:
                    continue
                to = self.stamps[edge["to_stream"], edge["to_ordinal"]]
                if least.get(edge["to_stream"], to + 1) > to:
                    least[edge["to_stream"]] = to
                    changed = True
        return least

    def order(self, a, b):
        text = subprocess.run([f"{self.bin}/rn-merge", "--before", f"{a[0]}:{a[1]}",
                               f"{b[0]}:{b[1]}", self.path], stdout=subprocess.PIPE)
        return text.stdout.decode().strip()

    def check_order(self, count, seed):
        choose = random.Random(seed)
        keys = sorted(self.events)
        answers = collections.Counter()
        for _ in range(count):
            a, b = choose.choice(keys), choose.choice(keys)
            if a == b:
                continue
            from_a, from_b = self.reach(a), self.reach(b)
            before = a[0] == b[0] and self.stamps[a] < self.stamps[b] or \
                b[0] in from_a and from_a[b[0]] <= self.stamps[b]
            after = a[0] == b[0] and self.stamps[a] > self.stamps[b] or \
                a[0] in from_b and from_b[a[0]] <= self.stamps[a]
            want = "yes" if before else "no" if after else "concurrent"
            assert self.order(a, b) == want, (a, b, want, self.order(a, b))
            answers[want] += 1
        return answers


def verify(bin, path, sources, pairs=20, seed=1):
    merged = Merged(bin, path)
    merged.check_edges()
    merged.check_sources(sources)
    merged.answers = merged.check_order(pairs, seed)
    return merged
