# SPDX-License-Identifier: MIT
"""What cannot work: one line that says what to do, exit status 2, the archive as it was."""
import functools
import hashlib
import socket
import subprocess

from receivers import PROTOCOLS, Receiver, adds_up, at, check, equal, export


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def in_vain(words, *options):
    """Nothing is sent."""
    before = digest("few.rna")
    result = export(*options, "--retry-time", "300ms", "few.rna").expect(2).one_line(*words)
    adds_up(result.account, sent=0, rejected=0)
    equal(digest("few.rna"), before, "the archive")


def in_vain_and_resumed(words, *options):
    """With a checkpoint it can be gone on with, once what was wrong is put right."""
    in_vain(words, *options)
    subprocess.run(["rm", "-f", "vain.checkpoint"], check=True)
    keep = ["--checkpoint", "vain.checkpoint"]
    export(*keep, *options, "--retry-time", "300ms", "few.rna").expect(2).one_line(*words)
    with Receiver() as receiver:
        resumed = export(*keep, *at(receiver, "http/protobuf"), "few.rna").expect(0)
    adds_up(resumed.account, sent=len(receiver.ids()), spans_again=0)
    check(len(receiver.ids()) > 200, "all was sent in the end")


def closed_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def endpoint_down(protocol):
    in_vain_and_resumed(["127.0.0.1", "onnect"], "--protocol", protocol,
            "--endpoint", f"http://127.0.0.1:{closed_port()}")


def no_such_name():
    in_vain_and_resumed(["resolve", "check the name"], "--endpoint",
                        "http://no-such-host.invalid:4318")


def wrong_protocol(protocol):
    with Receiver() as receiver:
        other = receiver.ports["http" if protocol == "grpc" else "grpc"]
        in_vain(["--protocol" if protocol == "grpc" else "port"], "--protocol", protocol,
                "--endpoint", other)


def not_http():
    """Something that says one line and hangs up."""
    script = ("import socket\ns=socket.socket()\ns.bind(('127.0.0.1',0))\ns.listen()\n"
              "print(s.getsockname()[1],flush=True)\n"
              "while True:\n c,_=s.accept()\n c.sendall(b'220 mail ready\\r\\n')\n c.close()\n")
    with subprocess.Popen(["python3", "-c", script], stdout=subprocess.PIPE, text=True) as server:
        port = server.stdout.readline().strip()
        try:
            in_vain(["HTTP"], "--endpoint",
                    f"http://127.0.0.1:{port}")
        finally:
            server.kill()


def certificates():
    """An authority, a server's certificate of it, and a client's."""
    run = functools.partial(subprocess.run, check=True, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    run(["openssl", "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca"])
    for name in ("server", "client"):
        run(["openssl", "req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj",
             f"/CN={name}"])
        with open(f"{name}.ext", "w") as file:
            file.write("subjectAltName=IP:127.0.0.1\n")
        run(["openssl", "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
             "-CAcreateserial", "-days", "2", "-out", f"{name}.pem", "-extfile", f"{name}.ext"])


def tls(protocol):
    certificates()
    plan = {"key": "server.key", "cert": "server.pem", "ca": "ca.pem"}
    with Receiver(tls=plan) as receiver:
        there = at(receiver, protocol)
        in_vain(["certificate"], *there)
        in_vain(["certificate"], *there, "--certificate", "ca.pem")
        plain = [there[0], there[1], there[2], there[3].replace("https", "http")]
        in_vain(["http"], *plain)
        export(*there, "few.rna", env={"OTEL_EXPORTER_OTLP_CERTIFICATE": "ca.pem",
                                       "OTEL_EXPORTER_OTLP_CLIENT_KEY": "client.key",
                                       "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": "client.pem"}
               ).expect(0)
    check(len(receiver.ids()) > 200, "taken over TLS")
    with Receiver() as receiver:
        there = at(receiver, protocol)
        in_vain(["certificate", "https://"], *there[:3], there[3].replace("http", "https"))


def unauthorized(protocol):
    with Receiver(token="Basic abc") as receiver:
        in_vain_and_resumed(["--header 'Authorization="], *at(receiver, protocol))
        export("--header", "Authorization=Basic abc", *at(receiver, protocol), "few.rna").expect(0)
        export(*at(receiver, protocol), "few.rna",
               env={"OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Basic%20abc,x=y"}).expect(0)


def statuses():
    for step, words in (({"do": "status", "code": 403}, ["403"]),
                        ({"do": "status", "code": 503, "message": "no org id"}, ["X-Scope-OrgID"]),
                        ({"do": "page"}, ["web page"])):
        with Receiver(always=step) as receiver:
            export(*at(receiver, "http/protobuf"), "few.rna").expect(2).one_line(*words)
    with Receiver() as receiver:
        export("--endpoint", receiver.ports["http"] + "/nowhere", "few.rna").expect(2).one_line(
            "404", "/v1/traces")
    with Receiver(steps=[{"do": "status", "code": 14, "message": "no org id"}]) as receiver:
        export(*at(receiver, "grpc"), "few.rna").expect(2).one_line("X-Scope-OrgID")


def refuses_all():
    """A receiver that refuses every span is not asked for each of them."""
    with Receiver(always={"do": "status", "code": 400, "message": "no"}) as receiver:
        result = export(*at(receiver, "http/protobuf"), "calls.rna").expect(2)
    check("has refused every span so far: no" in result.err, result.err)
    check(len(receiver.log) < 400, f"{len(receiver.log)} requests")
    adds_up(result.account, sent=0, in_doubt=0)


def environment_says():
    with Receiver() as receiver:
        for env in ({"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.ports["http"]},
                    {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.ports["http"] + "/",
                     "OTEL_EXPORTER_OTLP_COMPRESSION": "none"},
                    {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": receiver.ports["http"] + "/v1/traces",
                     "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
                    {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.ports["grpc"],
                     "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
                    {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.ports["grpc"][7:],
                     "OTEL_EXPORTER_OTLP_INSECURE": "true",
                     "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc",
                     "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
                     "OTEL_EXPORTER_OTLP_TIMEOUT": "9000"}):
            export("few.rna", env=env).expect(0)
    equal(len(receiver.log), 5, "requests")


def trouble_tests():
    part = functools.partial
    return [
        *[(f"nobody listens, {p}", part(endpoint_down, p)) for p in PROTOCOLS],
        ("no such name", no_such_name),
        *[(f"wrong protocol on the port, {p}", part(wrong_protocol, p)) for p in PROTOCOLS],
        ("something that is no HTTP", not_http),
        *[(f"TLS and what does not match, {p}", part(tls, p)) for p in PROTOCOLS],
        *[(f"401, {p}", part(unauthorized, p)) for p in PROTOCOLS],
        ("answers that mean stop", statuses),
        ("a receiver that refuses everything", refuses_all),
        ("the environment", environment_says),
    ]
