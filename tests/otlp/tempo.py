# SPDX-License-Identifier: MIT
"""A real Tempo, where TEMPO_URL (its query API) and TEMPO_OTLP (where it takes OTLP/HTTP) are set:
what it would silently lose arrives, which is verified by reading all of it back."""
import os
import subprocess

from receivers import ARCHIVE, adds_up, check, export

DEADLINE = 1200  # seconds: a burst is sent slowly on purpose


def verified(archives, *options, least=0):
    result = export("--endpoint", os.environ["TEMPO_OTLP"], "--verify", os.environ["TEMPO_URL"],
                    "--verify-time", "5m", *options, *archives, quick=False,
                    deadline=DEADLINE).expect(0)
    adds_up(result.account, missing=0, rejected=0, failed=0, in_doubt=0)
    check(result.account["verified"] >= least, f"{result.account['verified']} spans read back")


def calls(count, seconds, name):
    subprocess.run([ARCHIVE, "calls", str(count), str(seconds), name], check=True)
    return name


def twelve_megabytes():
    verified([calls(50000, 60, "tempo.rna")], least=50000)


def a_million():
    verified([calls(1000000, 60, "tempo.rna")], least=1000000)


def a_year_ago():
    verified([calls(20000, 365 * 86400, "tempo.rna")], least=20000)


def a_burst():
    names = [calls(1, 60, f"burst-{i}.rna") for i in range(30000)]
    verified(names, least=30000)


def tempo_tests():
    tests = [("Tempo: a recording of 12 MB", twelve_megabytes),
             ("Tempo: a million spans", a_million),
             ("Tempo: a recording of a year ago", a_year_ago),
             ("Tempo: 30,000 recordings at once", a_burst)]
    if os.environ.get("TEMPO_URL") and os.environ.get("TEMPO_OTLP"):
        return tests
    return [(name, lambda: "TEMPO_URL and TEMPO_OTLP are not set") for name, _ in tests]
