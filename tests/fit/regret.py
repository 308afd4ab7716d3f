#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""regret.py POLICY.json HELD-OUT.db: what following the policy costs at sizes that it has not seen.

For each operation and size, the oracle takes the backend that was fastest in the held-out runs; regret
is how much longer the policy's backend took. Beside it the oracle's own noise: the backend that was
fastest in one half of the runs, judged by the other half. Times are medians over the runs of each run's
mean of the middle half, which tells more than a median where times are a few ticks of the clock (some
3 ns) each. The last line leaves out what takes the oracle less than 100 ns."""
import json
import sqlite3
import statistics
import sys


def midmean(values):
    quarter = len(values) // 4
    return statistics.mean(sorted(values)[quarter:len(values) - quarter])


def times(path):
    """{(operation, size): {(backend, isa, residency): {run: midmean}}}"""
    found = {}
    rows = sqlite3.connect(path).execute(
        "SELECT operation, elements, backend, isa, residency, run_id, duration_ns FROM sample"
        " JOIN series ON series.id = series_id")
    for operation, size, backend, isa, residency, run, ns in rows:
        runs = found.setdefault((operation, size), {}).setdefault((backend, isa, residency), {})
        runs.setdefault(run, []).append(ns)
    return {key: {series: {run: midmean(values) for run, values in runs.items()}
                  for series, runs in by_series.items()} for key, by_series in found.items()}


def typical(runs, keep=lambda run: True):
    values = [ns for run, ns in runs.items() if keep(run)]
    return statistics.median(values) if values else None


def answer(placement, size):
    for entry in placement["ranges"]:
        if entry["to"] is None or size <= entry["to"]:
            return entry["backend"], entry["isa"]
    return None


def may_use(series, data):
    return series[2] != ("cold" if data == "device" else "resident")


def noise(candidates, runs):
    """Mean regret of the oracle of one half of the runs in the other."""
    half = set(sorted(runs)[::2])
    losses = []
    for mine in (lambda run: run in half, lambda run: run not in half):
        def other(run, mine=mine):
            return not mine(run)
        first = {s: typical(r, mine) for s, r in candidates.items()}
        second = {s: typical(r, other) for s, r in candidates.items()}
        both = [s for s in candidates if first[s] and second[s]]
        if both:
            choice = min(both, key=first.get)
            losses.append(second[choice] / min(second[s] for s in both) - 1)
    return statistics.mean(losses) if losses else 0


def judge(operation, placement, held_out, worst):
    regrets, noises = [], []
    for (name, size), by_series in sorted(held_out.items()):
        if name != operation["name"]:
            continue
        candidates = {s: r for s, r in by_series.items() if may_use(s, placement["data"])}
        found = {s: typical(r) for s, r in candidates.items()}
        choice = answer(placement, size)
        chosen = [ns for s, ns in found.items() if s[:2] == choice]
        if not chosen or len(found) < 2:
            continue
        regret = chosen[0] / min(found.values()) - 1
        regrets.append(regret)
        noises.append(noise(candidates, {run for r in candidates.values() for run in r}))
        worst.append((regret, operation["name"], placement["data"], size,
                      {" ".join(filter(None, s)): ns for s, ns in found.items()}, choice))
    return regrets, noises


def main():
    policy = json.load(open(sys.argv[1], encoding="utf-8"))
    held_out = times(sys.argv[2])
    all_noises, worst = [], []
    print(f"{'operation':10} {'data':7} {'sizes':>5} {'mean regret':>12} {'worst':>8} "
          f"{'oracle noise: mean':>19} {'worst':>8}")
    for operation in policy["operations"]:
        for placement in operation["placements"]:
            if placement["source"] != "fitted":
                continue
            regrets, noises = judge(operation, placement, held_out, worst)
            if not regrets:
                continue
            all_noises += noises
            print(f"{operation['name']:10} {placement['data']:7} {len(regrets):5} "
                  f"{statistics.mean(regrets):12.2%} {max(regrets):8.2%} "
                  f"{statistics.mean(noises):19.2%} {max(noises):8.2%}")
    for name, keep in (("all", lambda ns: True), (">= 100 ns", lambda ns: ns >= 100)):
        kept = [i for i, entry in enumerate(worst) if keep(min(entry[4].values()))]
        regrets, noises = [worst[i][0] for i in kept], [all_noises[i] for i in kept]
        print(f"{name:10} {'':7} {len(kept):5} {statistics.mean(regrets):12.2%} "
              f"{max(regrets):8.2%} {statistics.mean(noises):19.2%} {max(noises):8.2%}")
    if "-v" in sys.argv:
        for entry in sorted(worst, key=lambda entry: -entry[0])[:12]:
            print("#", f"{entry[0]:.1%}", *entry[1:])


main()
