# SPDX-License-Identifier: MIT
"""Receivers that misbehave: nothing is lost, nothing is taken twice without a word, and the account
is exact."""
import functools
import signal
import subprocess

from trouble import certificates
from receivers import (EXPORT, PROTOCOLS, Receiver, adds_up, at, check, environment, equal,
                       export)

SMALL = ["--batch-spans", "1000", "calls.rna"]


def spans_of(archive, *options):
    """All ids, by way of a receiver that takes everything."""
    with Receiver() as receiver:
        export(*options, *at(receiver, "http/protobuf"), archive).expect(0)
    return receiver.ids()


@functools.lru_cache
def all_spans():
    return tuple(sorted(spans_of("calls.rna")))


def nothing_lost(receiver, twice=0):
    ids = receiver.ids()
    equal(len(set(ids)), len(all_spans()), "different spans that were taken")
    equal(tuple(sorted(set(ids))), all_spans(), "spans that were taken")
    equal(len(ids) - len(set(ids)), twice, "spans that were taken twice")


def goes_on(protocol, *steps, twice_again=False, in_flight=2, **plan):
    """All is taken in the end, whatever the first requests meet."""
    with Receiver(steps=list(steps), **plan) as receiver:
        result = export("--in-flight", in_flight, *at(receiver, protocol), *SMALL).expect(0)
    twice = len(receiver.ids()) - len(all_spans())
    adds_up(result.account, sent=len(all_spans()), rejected=0, failed=0, in_doubt=0)
    nothing_lost(receiver, twice)
    if twice_again:
        check(twice > 0, "a batch is taken twice")
        equal(result.account["spans_again"], twice, "spans that may be stored twice")
        check("may be stored twice" in result.err, "they are named")
    else:
        equal(twice, 0, "spans taken twice")
    check(result.account["retries"] > 0 or result.account["requests"] > 11, "it was not disturbed")
    return receiver, result


def waits(protocol, step, least_s):
    """A step that asks to wait is heard."""
    import time
    began = time.monotonic()
    goes_on(protocol, step)
    check(time.monotonic() - began >= least_s, "it did not wait as it was asked to")


def http(code, **more):
    return dict({"do": "status", "code": code}, **more)


def exhausted_for_good():
    """RESOURCE_EXHAUSTED that does not say when to come again is no reason to come again."""
    with Receiver(steps=[http(8, message="quota of the month is used up")]) as receiver:
        result = export("--in-flight", "1", *at(receiver, "grpc"), *SMALL).expect(2)
    result.one_line("quota of the month is used up", "--checkpoint")
    equal(len(receiver.log), 1, "requests")
    adds_up(result.account, sent=0, in_doubt=0)


def too_large(protocol, status):
    receiver, result = goes_on(protocol, maxBytes=100000)
    check(all(r["bytes"] <= 100000 for r in receiver.log if r["ids"]), "what was taken is small")
    check(any(r["did"] == "tooLarge" for r in receiver.log), "it was too large")


def one_span_too_large():
    """What cannot be cut any more is rejected, by name."""
    with Receiver(maxBytes=3000) as receiver:
        result = export(*at(receiver, "http/protobuf"), "sample.rna").expect(1)
    check("was rejected: request body too large" in result.err, result.err)
    check("ordinal 3" in result.err, f"the long path is named: {result.err}")
    adds_up(result.account, failed=0, in_doubt=0)
    equal(result.account["sent"]["spans"], len(set(receiver.ids())), "sent")
    check(result.account["rejected"]["spans"] >= 1, "rejected")


def bad_span(protocol):
    with Receiver(badName="matmul") as receiver:
        result = export(*at(receiver, protocol), "sample.rna").expect(1)
    whole = spans_of("sample.rna")
    adds_up(result.account, sent=len(whole) - 2, rejected=2, failed=0, in_doubt=0)
    equal(len(receiver.ids()), len(whole) - 2, "spans taken")
    lines = [line for line in result.err.splitlines() if "was rejected" in line]
    equal(len(lines), 2, "lines on what was rejected")
    for line, ordinal in zip(sorted(lines, key=lambda l: "ordinal 12" in l), (10, 12)):
        check("'matmul'" in line and f"ordinal {ordinal}" in line and "a span is bad" in line, line)


def breaks_over_tls():
    certificates()
    plan = {"key": "server.key", "cert": "server.pem"}
    with Receiver(tls=plan, steps=[{}, {"do": "break"}, {"do": "break"}]) as receiver:
        result = export("--in-flight", "2", "--certificate", "ca.pem",
                        *at(receiver, "http/protobuf"), *SMALL).expect(0)
    twice = len(receiver.ids()) - len(all_spans())
    nothing_lost(receiver, twice)
    check(twice <= result.account["spans_again"], "what was taken twice is told")


def partial_success(protocol):
    step = {"do": "partial", "rejected": 17, "message": "too old"}
    with Receiver(steps=[step]) as receiver:
        result = export("--in-flight", "1", *at(receiver, protocol), *SMALL).expect(1)
    adds_up(result.account, sent=len(all_spans()) - 17, rejected=17, failed=0, in_doubt=0)
    check("17 of 1000 spans of batch 1 were rejected: too old" in result.err, result.err)
    nothing_lost(receiver)


def never_answers():
    """What was sent and not answered is in doubt, what was not sent has failed."""
    with Receiver(hangAfter=2) as receiver:
        result = export("--in-flight", "1", "--timeout", "300ms", "--retry-time", "400ms",
                        *at(receiver, "http/protobuf"), *SMALL).expect(2)
    adds_up(result.account, sent=2000, in_doubt=1000)
    equal(len(receiver.ids()), 2000, "spans taken")


def killed_and_resumed(protocol, in_flight):
    """kill -9 while requests are under way; the second run sends what is in doubt and the rest."""
    checkpoint = f"kill-{protocol[:4]}-{in_flight}.checkpoint"
    options = ["--checkpoint", checkpoint, "--in-flight", str(in_flight), "--rate", "0",
               "--trace-rate", "0"]
    with Receiver(hangAfter=5) as first:
        process = subprocess.Popen([EXPORT, *options, *at(first, protocol), *SMALL],
                                   env=environment(), stderr=subprocess.DEVNULL)
        first.wait_for(5 + in_flight)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with Receiver() as second:
        result = export(*options, *at(second, protocol), *SMALL, quick=False).expect(0)
    taken = first.ids()
    before = result.account["spans_before"]
    adds_up(result.account, sent=len(all_spans()), rejected=0, failed=0, in_doubt=0)
    equal(tuple(sorted(set(taken + second.ids()))), all_spans(), "spans of both")
    twice = len(taken) + len(second.ids()) - len(all_spans())
    check(twice <= 1000 * in_flight, f"{twice} spans twice")
    equal(before + len(second.ids()), len(all_spans()), "spans of the second run")
    check(twice <= result.account["spans_again"] <= 1000 * in_flight,
          f"{result.account['spans_again']} spans are said to be sent again")
    check("may be stored twice" in result.err, "they are named")
    again = export(*options, *at(second, protocol), *SMALL, quick=False).expect(0)
    equal(again.account["spans_before"], len(all_spans()), "a third run has nothing to do")
    equal(again.account["requests"], 0, "requests of the third run")


def stopped_and_resumed():
    """A receiver that goes away: exit 2, and the same command goes on where it was."""
    options = ["--checkpoint", "stop.checkpoint", "--in-flight", "1", "--retry-time", "300ms"]
    with Receiver(steps=[{}] * 4, always=http(503)) as first:
        stopped = export(*options, *at(first, "http/protobuf"), *SMALL).expect(2)
    adds_up(stopped.account, sent=4000, in_doubt=0, rejected=0)
    check("run the same command again" in stopped.err, stopped.err)
    with Receiver() as second:
        result = export(*options, *at(second, "http/protobuf"), *SMALL).expect(0)
    equal(tuple(sorted(first.ids() + second.ids())), all_spans(), "spans of both, each once")
    adds_up(result.account, sent=len(all_spans()), spans_before=4000, spans_again=0)


def other_checkpoint():
    options = ["--checkpoint", "other.checkpoint"]
    with Receiver() as receiver:
        export(*options, *at(receiver, "http/protobuf"), "sample.rna").expect(0)
        taken = export(*options, *at(receiver, "http/protobuf"), "few.rna").expect(2)
    taken.one_line("other.checkpoint", "another export")
    with open("no.checkpoint", "w") as file:
        file.write("hello\n")
    with Receiver() as receiver:
        export("--checkpoint", "no.checkpoint", *at(receiver, "http/protobuf"),
               "few.rna").expect(2).one_line("is no checkpoint")
    with open("no.checkpoint") as file:
        equal(file.read(), "hello\n", "a file that is no checkpoint")


def verified():
    with Receiver() as receiver:
        result = export("--verify", receiver.ports["http"], *at(receiver, "grpc"), *SMALL).expect(0)
    adds_up(result.account, verified=len(all_spans()), missing=0)


def verified_as_lost():
    """Tempo's way: 200, and not stored."""
    with Receiver(loseTraces=1) as receiver:
        result = export("--verify", receiver.ports["http"], "--verify-time", "1s",
                        *at(receiver, "http/protobuf"), *SMALL).expect(1)
    check("0 of" in result.err and "/api/traces/" in result.err, result.err)
    check(result.account["missing"] > 0, "missing")


def pacing():
    """So many bytes a second, after what may be saved up in one. The lower bounds alone are tested:
    a slow machine is no failure."""
    import time
    with Receiver() as receiver:
        began = time.monotonic()
        result = export("--rate", "1M", "--trace-rate", "0", *at(receiver, "http/protobuf"), *SMALL,
                        quick=False).expect(0)
        took = time.monotonic() - began
    check(took >= result.account["bytes"] / (1 << 20) - 1.5, f"{took:.2f} s: too fast")
    with Receiver() as receiver:
        began = time.monotonic()
        export("--trace-spans", "1000", "--rate", "0", "--trace-rate", "5", "--batch-spans", "1000",
               *at(receiver, "http/protobuf"), "calls.rna", quick=False).expect(0)
        took = time.monotonic() - began
    check(took >= 11 / 5 - 1.2, f"{took:.2f} s for 11 traces: too fast")


def fault_tests():
    part = functools.partial
    return [
        ("429 with Retry-After in seconds", part(waits, "http/protobuf",
                                                 http(429, headers={"retry-after": "1"}), 1)),
        ("429 with Retry-After as a date", part(waits, "http/protobuf", http(429, date=2), 1)),
        ("429 without Retry-After", part(goes_on, "http/protobuf", http(429), http(429))),
        ("503, then success", part(goes_on, "http/protobuf", http(503), http(503))),
        ("502 and 504", part(goes_on, "http/protobuf", http(502), http(504))),
        ("UNAVAILABLE, then success", part(goes_on, "grpc", http(14), http(14))),
        ("RESOURCE_EXHAUSTED with RetryInfo",
         part(waits, "grpc", http(8, message="slow down", retryInfo=1.5), 1.5)),
        ("RESOURCE_EXHAUSTED with RATE_LIMITED", part(goes_on, "grpc",
                                                      http(8, message="RATE_LIMITED: too much"))),
        ("RESOURCE_EXHAUSTED for good", exhausted_for_good),
        ("413: too large", part(too_large, "http/protobuf", 413)),
        ("gRPC message larger than max", part(too_large, "grpc", None)),
        ("429 that means too large", part(goes_on, "http/protobuf",
                                          http(429, message="request larger than max"))),
        ("400 that means too large", part(goes_on, "http/protobuf",
                                          http(400, message="request body too large"))),
        ("one span is too large", one_span_too_large),
        ("a connection that breaks", part(goes_on, "http/protobuf", {"do": "break"},
                                          {"do": "break"}, {"do": "break"})),
        ("a gRPC connection that breaks", part(goes_on, "grpc", {}, {"do": "break"},
                                               in_flight=1)),
        ("a TLS connection that breaks", breaks_over_tls),
        ("taken, and the answer is lost", part(goes_on, "http/protobuf", {}, {},
                                               {"do": "takeAndBreak"}, twice_again=True)),
        ("a slow server", part(goes_on, "http/protobuf", {"do": "slow", "ms": 1200}, http(503))),
        ("a server that never answers", never_answers),
        *[(f"a bad span over {p}", part(bad_span, p)) for p in PROTOCOLS],
        *[(f"partial_success over {p}", part(partial_success, p)) for p in PROTOCOLS],
        *[(f"kill -9 and resume over {p}, {n} in flight", part(killed_and_resumed, p, n))
          for p in PROTOCOLS for n in (1, 3)],
        ("a receiver that goes away, and resume", stopped_and_resumed),
        ("a checkpoint of another export", other_checkpoint),
        ("verified by reading back", verified),
        ("lost by the receiver, and told", verified_as_lost),
        ("pacing", pacing),
    ]
