# SPDX-License-Identifier: MIT
"""Spans against what rn-cat says of the same archive: every event is there, once, and everything
that is said about it is the same."""
import json
import re
import subprocess

from receivers import CAT, check, equal

EVENTS = {"process", "signal", "module", "descriptor", "notice", "loss"}  # events of spans
PREFIX = {"kernel": "rn.gpu.kernel."}
API = ["other", "cuda", "opencl", "vulkan"]
NAMES = {
    "api": API,
    "backend": ["unknown", "scalar", "simd", "gpu"],
    "direction": ["unknown", "to-device", "from-device", "on-device", "peer", "on-host", "fill"],
    "provenance": ["unknown", "declared", "compiled", "library", "cpu-capable", "disassembled",
                   "measured"],
    "residency": ["unknown", "cold", "resident"],
}
OF_KIND = {
    ("aggregate", "reason"): ["threshold", "hot", "ring-full"],
    ("notice", "code"): ["other", "engine", "blind-spot", "clock", "interrupted", "sampling", "overhead"],
}
KINDS = {7: "block", 1: "syscall", 6: "kernel"}
STRUCTURE = {"rn.kind", "rn.stream", "thread.id", "thread.name", "process.pid", "rn.recording.id"}
LIMIT = 2048


def cat(archive, *options):
    done = subprocess.run([CAT, "--json", *options, archive], stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def arguments_of(archive):
    """The arguments of each system call as text, by stream order of time."""
    done = subprocess.run([CAT, "--kind", "syscall", archive], stdout=subprocess.PIPE, check=True)
    texts = []
    for line in done.stdout.decode("utf-8", "surrogateescape").splitlines():
        match = re.match(r"\d+ +\w+\((.*?)\) += ", line, re.S)
        if match:  # else the end of a process, or a signal
            texts.append(match.group(1))
    return texts


def escaped(value):
    """As rn_escape_terminal shows what is no UTF-8, or a control character."""
    raw = bytes(value) if isinstance(value, list) else value.encode()
    text, at = "", 0
    while at < len(raw):
        for size in (1, 2, 3, 4):
            try:
                one = raw[at:at + size].decode()
                break
            except UnicodeDecodeError:
                one = None
        if one is None or ord(one) < 32 or 127 <= ord(one) < 160:
            text += f"\\x{raw[at]:02x}"
            at += 1
        else:
            text += one
            at += size
    return text


def is_cut(got, want):
    return len(want.encode()) > LIMIT and want.startswith(got) and len(got.encode()) <= LIMIT


def same_text(got, want, what):
    want = escaped(want)
    check(got == want or is_cut(got, want), f"{what}: {got!r} instead of {want!r}")


def number(value):
    if isinstance(value, str) and value.startswith("0x"):
        value = int(value, 16)
        return value - (1 << 64) if value >> 63 else value
    return int(value)


def check_syscall(event, attributes, text):
    left = dict(attributes)
    equal(left.pop("rn.syscall.ret", None),
          str(number(event["ret"])) if "ret" in event and "errno" not in event else None, "ret")
    equal(left.pop("error.type", None), event.get("errno"), "error.type")
    same_text(left.pop("rn.syscall.args", ""), text, "arguments")
    path = left.pop("rn.syscall.path", None)
    if path is not None:
        paths = [v for k, v in event["args"].items() if "path" in k or k == "filename"]
        same_text(path, paths[0], "path")
    left.pop("rn.syscall.fd.path", None)  # compared with rn-cat -y by check_descriptor
    peer = left.pop("network.peer.address", None)
    port = left.pop("network.peer.port", None)
    if peer is not None:
        struct = next(v for v in event["args"].values() if isinstance(v, dict))
        equal(peer, struct.get("sin_addr", struct.get("sin6_addr")), "peer")
        equal(port, str(struct.get("sin_port", struct.get("sin6_port"))), "port")
    if left.pop("rn.cut", None):
        check(any(len(str(v).encode()) >= 1000 for v in attributes.values()), "cut, and not long")
    return left


def check_field(event, name, value, key, left, start):
    kind = event["kind"]
    got = left.pop(key, None)
    if name in ("queued_ns", "submitted_ns"):
        epoch = int(event["start_ns"]) - event["since_start_ns"]
        want = str(epoch + number(value)) if value else None
    elif (kind, name) in OF_KIND:
        want = OF_KIND[kind, name][value]
        want = None if kind == "aggregate" and not value else want
    elif name in NAMES and isinstance(value, int):
        want = NAMES[name][value]
        want = None if kind == "aggregate" and not value else want
    elif kind == "aggregate" and name == "of":
        want = KINDS[value]
    elif kind == "aggregate" and name in ("sum_ns", "min_ns", "max_ns"):
        want = str(value)
    elif name in ("device", "result", "signo", "fd"):
        want = str(value)
    elif isinstance(value, str) and re.fullmatch(r"0x[0-9a-f]+|0", value):
        want = value if value != "0" else None
    elif isinstance(value, (int, str)) and not isinstance(value, bool) and number_like(value):
        want = str(value) if number(value) else None
    else:
        return got
    equal(got, want, f"{kind} {name}")
    return None


def number_like(value):
    return isinstance(value, int) or re.fullmatch(r"-?\d+", value)


def check_fields(event, attributes):
    """Fields of the kind, and what is attached."""
    left, kind = dict(attributes), event["kind"]
    prefix = PREFIX.get(kind, f"rn.{kind}.")
    for name, value in event["args"].items():
        if name in ("op", "abi") and kind in ("process", "module"):
            continue
        if name == "source":
            file, _, line = value.rpartition(":")
            equal((left.pop("code.file.path"), left.pop("code.line.number")), (file, line), name)
            continue
        key = prefix + name
        got = check_field(event, name, value, key, left, int(event["start_ns"]))
        if got is None:
            continue
        if isinstance(value, list) and value and isinstance(value[0], str):
            equal(got, [escaped(v) for v in value], f"{kind} {name}")
        elif isinstance(value, str):
            same_text(got, value, f"{kind} {name}")
        else:
            equal(got, value, f"{kind} {name}")
    if kind == "transfer" and event["duration_ns"]:
        speed = event["args"]["bytes"] / event["duration_ns"] * 1e9
        check(abs(left.pop("rn.transfer.bytes_per_second") / speed - 1) < 1e-9, "speed")
    if kind == "api" and event["args"]["result"]:
        equal(left.pop("error.type"), str(event["args"]["result"]), "error.type")
    if kind == "signal":
        equal(left.pop("rn.signal.name"), event["name"], "signal")
    if kind == "process" and event["name"] == "exit" and not event["args"]["status"] & 127:
        equal(left.pop("process.exit.code"), str(event["args"]["status"] >> 8), "exit code")
    if kind == "process":
        left.pop("thread.name", None)
    return left


def check_place(event, attributes):
    left = dict(attributes)
    equal(left.pop("rn.stream"), str(event["stream"]), "stream")
    equal(left.pop("rn.ordinal"), str(event["ordinal"]), "ordinal")
    for flag in event.get("flags", []):
        if flag in ("unfinished", "traced", "truncated", "fault"):
            equal(left.pop(f"rn.{flag}", None), True, flag)
    return left


def compare_span(event, span, text):
    left = check_place(event, span["attributes"])
    equal(left.pop("thread.id", None), str(event["tid"]) if "tid" in event else None, "thread.id")
    equal(span["start"], event["start_ns"], "start")
    equal(int(span["end"]) - int(span["start"]), event["duration_ns"], "duration")
    equal(span["name"], event["name"], "name")
    equal(span["kind"], 1, "kind")
    if event["kind"] == "syscall":
        left = check_syscall(event, left, text)
    else:
        left = check_fields(event, left)
    failed = "errno" in event or (event["kind"] == "api" and event["args"]["result"] != 0)
    equal(span["status"], "2" if failed else "0", "status")
    equal(left, {}, f"attributes of {event['kind']} {event['name']} that rn-cat does not have")


def compare_point(event, point):
    left = check_place(event, point["attributes"])
    equal(point["time"], event["start_ns"], "time")
    left.pop("rn.cut", None)
    equal(check_fields(event, left), {}, f"attributes of {event['kind']} that rn-cat does not have")


def compare_structure(span):
    extra = set(span["attributes"]) - STRUCTURE
    equal(extra, set(), f"attributes of {span['attributes']['rn.kind']} span {span['name']}")


def compare(archive, spans):
    """All spans of one archive that was exported whole into one trace."""
    events = cat(archive)
    place = lambda attributes: (attributes["rn.stream"], attributes["rn.ordinal"])  # noqa: E731
    of_event = {place(s["attributes"]): s for s in spans if "rn.ordinal" in s["attributes"]}
    points = {place(p["attributes"]): p for s in spans for p in s["events"]}
    structure = [s for s in spans if "rn.ordinal" not in s["attributes"]]
    want_spans = [e for e in events if e["kind"] not in EVENTS]
    want_points = [e for e in events if e["kind"] in EVENTS]
    texts = iter(arguments_of(archive))
    equal(len(of_event), len(want_spans), "spans of events")
    equal(len(points), len(want_points), "events of spans")
    equal(len(spans), len(of_event) + len(structure), "spans with different places")
    for event in want_spans:
        text = next(texts) if event["kind"] == "syscall" else None
        compare_span(event, of_event[str(event["stream"]), str(event["ordinal"])], text)
    for event in want_points:
        compare_point(event, points[str(event["stream"]), str(event["ordinal"])])
    for span in structure:
        compare_structure(span)
    compare_tree(spans)


def compare_tree(spans):
    """One trace, one root, every parent there, and children within it where they nest."""
    by_id = {s["id"]: s for s in spans}
    equal(len(by_id), len(spans), "different span ids")
    equal(len({s["trace"] for s in spans}), 1, "traces")
    roots = [s for s in spans if s["parent"] not in by_id]
    equal([s["parent"] for s in roots], [""], "parents that are not there")
    for span in spans:
        check(int(span["start"]) <= int(span["end"]), "a span that ends before it begins")
