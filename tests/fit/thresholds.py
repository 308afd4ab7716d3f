#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""thresholds.py FULL.json CUT.json: two policies from the same runs, all calls recorded or the short ones
only counted. Each crossover of the second must be one of the first, with an interval that meets its;
where it has fewer, or other ones, its placement must be refused."""
import json
import sys


def placements(path):
    policy = json.load(open(path, encoding="utf-8"))
    return {(operation["name"], placement["data"]): placement
            for operation in policy["operations"] for placement in operation["placements"]}


def same(one, other):
    return (one["below"] == other["below"] and one["above"] == other["above"]
            and one["low"] <= other["high"] and other["low"] <= one["high"])


full, cut = placements(sys.argv[1]), placements(sys.argv[2])
kept = refused = 0
problems = []
for key, placement in full.items():
    if placement["source"] != "fitted":
        continue
    if key not in cut or cut[key]["source"] != "fitted":
        if key in cut and cut[key]["refused"] != "censored":
            problems.append(f"{key}: refused for {cut[key]['refused']}, which is not why")
        refused += len(placement["crossovers"])
        continue
    kept += len(placement["crossovers"])
    if len(placement["crossovers"]) != len(cut[key]["crossovers"]) or not all(
            map(same, placement["crossovers"], cut[key]["crossovers"])):
        problems.append(f"{key}: {placement['crossovers']} became {cut[key]['crossovers']}")
print(f"# {kept} crossovers kept, {refused} refused")
for problem in problems:
    print("#", problem)
sys.exit(bool(problems))
