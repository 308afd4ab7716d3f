# SPDX-License-Identifier: MIT
"""What the tests of rn-export-otlp share: receivers, the command, verdicts."""
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.realpath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build"))
EXPORT, CAT, RECORD, INFO = (os.path.join(BUILD, "bin", name) for name in
                             ("rn-export-otlp", "rn-cat", "rn-record", "rn-info"))
ARCHIVE = os.path.join(BUILD, "otlp", "otlp_archive")
# Shared by all builds, so that sanitized ones do not install anew.
PEERS = os.path.join(TOP, "build", "otlp-peers")
DEADLINE = 60  # seconds; nothing here should take a fraction of it


class Failure(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failure(what)


def equal(got, want, what):
    check(got == want, f"{what}: {got!r} instead of {want!r}")


def install_peers():
    """None, or why there are no receivers."""
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    done = os.path.join(PEERS, "node_modules", ".package-lock.json")
    lock = os.path.join(HERE, "package-lock.json")
    if os.path.exists(done) and os.path.getmtime(done) >= os.path.getmtime(lock):
        return None
    os.makedirs(PEERS, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(HERE, name), PEERS)
    result = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=PEERS,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=300)
    if result.returncode == 0:
        os.utime(done)
        return None
    return "npm cannot install the receivers: " + (result.stdout.strip().splitlines() or ["?"])[-1]


class Server:
    """A receiver in Node; ends with its standard input, so also when this process does."""

    def __init__(self, script, *arguments):
        environment = dict(os.environ, NODE_PATH=os.path.join(PEERS, "node_modules"))
        self.process = subprocess.Popen(["node", os.path.join(HERE, script), *arguments],
                                        env=environment, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"{script} does not start")
        self.ports = json.loads(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.wait(DEADLINE)
        self.process.stdout.close()


class Mock(Server):
    def __init__(self):
        super().__init__("mock.js")

    def spans(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


class Receiver(Server):
    """`log` is what it did with each request, complete once it has ended."""

    def __init__(self, **plan):
        super().__init__("receiver.js", json.dumps(plan))
        self.log, self.news = [], threading.Condition()
        self.reader = threading.Thread(target=self.read_log)
        self.reader.start()

    def read_log(self):
        for line in self.process.stdout:
            with self.news:
                self.log.append(json.loads(line))
                self.news.notify()

    def wait_for(self, requests):
        with self.news:
            if not self.news.wait_for(lambda: len(self.log) >= requests, DEADLINE):
                raise Failure(f"{len(self.log)} requests instead of {requests}")

    def __exit__(self, *arguments):
        self.process.stdin.close()
        self.reader.join(DEADLINE)
        super().__exit__(*arguments)

    def ids(self):
        return [one for request in self.log for one in request["ids"]]


def environment(**more):
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith("OTEL_") and name not in ("TRACEPARENT", "TRACESTATE")}
    # Nothing here goes through a proxy.
    kept.update(no_proxy="*", **more)
    return kept


class Result:
    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr
        self.account = None
        for line in self.out.splitlines():
            if line.startswith('{"version"'):
                self.account = json.loads(line)

    def expect(self, status):
        equal(self.status, status, f"exit status (stderr: {self.err.strip()[-600:]})")
        return self

    def one_line(self, *words):
        """What went wrong is one line that says each of the words."""
        lines = [line for line in self.err.splitlines() if line.strip()]
        equal(len(lines), 1, f"lines on stderr ({self.err.strip()[-600:]})")
        for word in words:
            check(word in lines[0], f"'{word}' is not in: {lines[0]}")
        return self


def export(*arguments, env=None, quick=True, account=True, deadline=DEADLINE):
    """Run the command, as fast as it can be: pacing has tests of its own."""
    command = [EXPORT]
    if quick:
        command += ["--rate", "0", "--trace-rate", "0", "--retry-time", "20s"]
    if account:
        command += ["--json"]
    return Result(subprocess.run(command + [str(a) for a in arguments],
                                 env=environment(**(env or {})),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, timeout=deadline))


def adds_up(account, **want):
    """The account adds up, and has these numbers (of spans, or of events read)."""
    both = lambda tally: tally["events"] + tally["aggregated"]  # noqa: E731
    equal(account["read"], account["filtered"] + sum(
        both(account[name]) for name in ("sent", "rejected", "failed", "in_doubt")), "events read")
    for name, number in want.items():
        got = account[name]
        equal(got["spans"] if isinstance(got, dict) else got, number, name)


def at(receiver, protocol):
    """The options that reach it."""
    return ["--protocol", protocol, "--endpoint",
            receiver.ports["grpc" if protocol == "grpc" else "http"]]


PROTOCOLS = ("http/protobuf", "grpc")


def run_tests(tests):
    failed = False
    for name, test in tests:
        began = time.monotonic()
        try:
            skip = test()
            print(f"ok - {name}" + (f" # SKIP {skip}" if isinstance(skip, str) else ""), flush=True)
        except Exception as failure:  # pylint: disable=broad-except
            if not isinstance(failure, Failure):
                traceback.print_exc(file=sys.stdout)
            print(f"{failure}\nnot ok - {name}", flush=True)
            failed = True
        print(f"# {time.monotonic() - began:.1f} s", flush=True)
    return failed
