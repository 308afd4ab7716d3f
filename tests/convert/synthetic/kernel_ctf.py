#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""kernel_ctf.py OUT [contexts]: a synthetic trace, laid out and named as lttng-modules 2.13 does it,
whose kernel modules a test cannot load. Two CPUs; a shell (100) forks a child (200), which executes a
program, makes a thread (201) that moves to the other CPU in the middle of a call, and ends. With
`contexts` each event says whose it is; without, sched_switch must."""
import os
import struct
import sys

UUID = bytes(range(16))
START = 1_700_000_000_000_000_000
BASE = 5_000_000_000

METADATA = """/* CTF 1.8 */
typealias integer { size = 8; align = 8; signed = false; } := uint8_t;
typealias integer { size = 16; align = 8; signed = false; } := uint16_t;
typealias integer { size = 32; align = 8; signed = false; } := uint32_t;
typealias integer { size = 64; align = 8; signed = false; } := uint64_t;
typealias integer { size = 64; align = 8; signed = false; } := unsigned long;
trace {
	major = 1; minor = 8; uuid = "00010203-0405-0607-0809-0a0b0c0d0e0f"; byte_order = le;
	packet.header := struct { uint32_t magic; uint8_t uuid[16]; uint32_t stream_id;
		uint64_t stream_instance_id; };
};
env { hostname = "synthetic"; domain = "kernel"; sysname = "Linux"; kernel_release = "6.1.0";
	tracer_name = "lttng-modules"; tracer_major = 2; tracer_minor = 13; tracer_patchlevel = 8; };
clock { name = "monotonic"; uuid = "b0451d6b-e19c-4d0a-ba44-18fb132a14b2";
	description = "Monotonic Clock"; freq = 1000000000; offset = %d; };
typealias integer { size = 32; align = 8; signed = false; map = clock.monotonic.value; }
	:= uint32_clock_monotonic_t;
typealias integer { size = 64; align = 8; signed = false; map = clock.monotonic.value; }
	:= uint64_clock_monotonic_t;
struct packet_context { uint64_clock_monotonic_t timestamp_begin;
	uint64_clock_monotonic_t timestamp_end; uint64_t content_size; uint64_t packet_size;
	uint64_t packet_seq_num; unsigned long events_discarded; uint32_t cpu_id; };
struct event_header_large {
	enum : uint16_t { compact = 0 ... 65534, extended = 65535 } id;
	variant <id> {
		struct { uint32_clock_monotonic_t timestamp; } compact;
		struct { uint32_t id; uint64_clock_monotonic_t timestamp; } extended;
	} v;
} align(8);
stream { id = 0; event.header := struct event_header_large; packet.context := struct packet_context;
%s};
"""
CONTEXT = """	event.context := struct { integer { size = 32; align = 8; signed = 1; } _pid;
		integer { size = 32; align = 8; signed = 1; } _tid;
		integer { size = 8; align = 8; signed = 0; encoding = UTF8; base = 10; } _procname[16]; };
"""
TYPES = {
    "int": ("integer { size = 32; align = 8; signed = 1; }", "<i"),
    "long": ("integer { size = 64; align = 8; signed = 1; }", "<q"),
    "ulong": ("integer { size = 64; align = 8; signed = 0; }", "<Q"),
    "hex": ("integer { size = 64; align = 8; signed = 0; base = 16; }", "<Q"),
    "comm": ("integer { size = 8; align = 8; signed = 0; encoding = UTF8; base = 10; }", None),
    "string": ("string", None),
    "fds": ("sequence", None),
}
EVENTS = {
    "lttng_statedump_process_state": "int tid,int pid,int ppid,string name",
    "syscall_entry_openat": "int dfd,string filename,int flags,int mode",
    "syscall_exit_openat": "long ret",
    "syscall_entry_read": "int fd,ulong count",
    "syscall_exit_read": "long ret,hex buf",
    "syscall_entry_ppoll": "fds fds,int nfds,hex tsp,hex sigmask,ulong sigsetsize",
    "syscall_exit_ppoll": "long ret,int nfds",
    "syscall_entry_clone": "hex clone_flags,hex newsp",
    "syscall_exit_clone": "long ret,hex parent_tid,hex child_tid",
    "syscall_entry_execve": "string filename,hex argv,hex envp",
    "syscall_exit_execve": "long ret",
    "syscall_entry_rename": "string oldname,string newname",
    "syscall_exit_rename": "long ret",
    "syscall_entry_wait4": "int upid,int options",
    "syscall_exit_wait4": "long ret,hex stat_addr,hex ru",
    "syscall_entry_exit_group": "int error_code",
    "syscall_entry_exit": "int error_code",
    "syscall_entry_quux": "int a",
    "syscall_exit_quux": "long ret",
    "sched_switch": "comm prev_comm,int prev_tid,int prev_prio,long prev_state,comm next_comm,"
                    "int next_tid,int next_prio",
    "sched_process_fork": "comm parent_comm,int parent_tid,int parent_pid,comm child_comm,"
                          "int child_tid,int child_pid",
    "sched_process_exec": "string filename,int tid,int old_tid",
    "sched_process_exit": "comm comm,int tid,int prio",
    "irq_handler_entry": "int irq,string name",
}
NAMES = list(EVENTS)
PIDS = {0: (0, "swapper"), 100: (100, "sh"), 200: (200, "child"), 201: (200, "child")}


def fields_of(name):
    return [field.split() for field in EVENTS[name].split(",")]


def declaration(kind, name):
    if kind == "comm":
        return f"{TYPES[kind][0]} _{name}[16];"
    if kind == "fds":
        return (f"integer {{ size = 32; align = 8; signed = 0; }} __{name}_length;\n"
                f"		struct {{ {TYPES['int'][0]} fd; {TYPES['int'][0]} events; }} "
                f"_{name}[ __{name}_length ];")
    return f"{TYPES[kind][0]} _{name};"


def metadata(contexts):
    text = METADATA % (START - BASE, CONTEXT if contexts else "")
    for number, name in enumerate(NAMES):
        body = "\n".join("\t\t" + declaration(*field) for field in fields_of(name))
        text += (f'event {{\n\tname = "{name}"; id = {number}; stream_id = 0;\n'
                 f"\tfields := struct {{\n{body}\n\t}};\n}};\n")
    return text


def value(kind, content):
    if kind == "comm":
        return content.encode()[:15].ljust(16, b"\0")
    if kind == "string":
        return content.encode() + b"\0"
    if kind == "fds":
        return struct.pack("<I", len(content)) + b"".join(struct.pack("<ii", *fd) for fd in content)
    return struct.pack(TYPES[kind][1], content)


class Cpu:
    def __init__(self, number, contexts):
        self.number, self.contexts = number, contexts
        self.packets, self.events, self.discarded = [], b"", 0
        self.times = []

    def add(self, at, tid, name, *values):
        time = BASE + at
        self.times.append(time)
        self.events += struct.pack("<HIQ", 65535, NAMES.index(name), time)
        if self.contexts:
            pid, comm = PIDS[tid]
            self.events += struct.pack("<ii", pid, tid) + value("comm", comm)
        for (kind, _), content in zip(fields_of(name), values, strict=True):
            self.events += value(kind, content)

    def end_packet(self, discarded=0):
        self.discarded += discarded
        size = 32 + 52 + len(self.events)
        self.packets.append(
            struct.pack("<I16sIQ", 0xC1FC1FC1, UUID, 0, self.number) +
            struct.pack("<QQQQQQI", self.times[0], self.times[-1], size * 8, size * 8,
                        len(self.packets), self.discarded, self.number) + self.events)
        self.events, self.times = b"", []


def main():
    out, contexts = sys.argv[1], "contexts" in sys.argv
    os.makedirs(out)
    a, b = Cpu(0, contexts), Cpu(1, contexts)
    a.add(0, 100, "lttng_statedump_process_state", 100, 100, 1, "sh")
    a.add(100, 0, "sched_switch", "swapper/0", 0, 20, 0, "sh", 100, 20)
    a.add(200, 100, "syscall_exit_read", 1, 0x1000)  # begun before the tracing
    a.add(1000, 100, "syscall_entry_openat", -100, "/etc/passwd", 0x80000, 0)
    a.add(1500, 100, "irq_handler_entry", 4, "ttyS0")
    a.add(2000, 100, "syscall_exit_openat", 3)
    a.add(2100, 100, "syscall_entry_read", 3, 512)
    a.add(2300, 100, "syscall_exit_read", 512, 0x7ffe00001000)
    a.add(2400, 100, "syscall_entry_rename", "a", "b")
    a.add(2450, 100, "syscall_exit_rename", -2)
    a.add(2500, 100, "syscall_entry_quux", 7)
    a.add(2600, 100, "syscall_exit_quux", 9)
    a.add(3000, 100, "syscall_entry_clone", 17, 0)
    a.add(3100, 100, "sched_process_fork", "sh", 100, 100, "child", 200, 200)
    a.add(3200, 100, "syscall_exit_clone", 200, 0, 0)
    a.add(3300, 100, "syscall_entry_wait4", -1, 0)
    a.end_packet()
    a.add(3400, 100, "sched_switch", "sh", 100, 20, 1, "child", 200, 20)
    a.add(3500, 200, "syscall_exit_clone", 0, 0, 0)  # the child's side: it never began one
    a.add(3600, 200, "syscall_entry_execve", "/bin/prog", 0x10, 0x20)
    a.add(3700, 200, "sched_process_exec", "/bin/prog", 200, 200)
    a.add(3800, 200, "syscall_exit_execve", 0)
    a.add(3900, 200, "syscall_entry_clone", 0x3d0f00, 0x7f0000)
    a.add(4000, 200, "sched_process_fork", "prog", 200, 200, "prog", 201, 200)
    a.add(4100, 200, "syscall_exit_clone", 201, 0, 0)
    a.add(4200, 200, "syscall_entry_ppoll", [(3, 1), (4, 4)], 2, 0x30, 0, 8)
    a.add(4300, 200, "sched_switch", "prog", 200, 20, 1, "prog", 201, 20)
    a.add(4400, 201, "syscall_entry_read", 5, 10)
    a.add(4500, 201, "sched_switch", "prog", 201, 20, 1, "swapper/0", 0, 20)
    b.add(5000, 0, "sched_switch", "swapper/1", 0, 20, 0, "prog", 201, 20)
    b.add(5100, 201, "syscall_exit_read", 10, 0x40)
    b.add(5200, 201, "syscall_entry_exit", 0)
    b.add(5300, 201, "sched_process_exit", "prog", 201, 20)
    b.add(5400, 201, "sched_switch", "prog", 201, 20, 16, "prog", 200, 20)
    b.add(5500, 200, "syscall_exit_ppoll", 1, 2)
    b.add(5600, 200, "syscall_entry_exit_group", 3)
    b.add(5700, 200, "sched_process_exit", "prog", 200, 20)
    b.add(5800, 200, "sched_switch", "prog", 200, 20, 16, "swapper/1", 0, 20)
    a.add(6000, 0, "sched_switch", "swapper/0", 0, 20, 0, "sh", 100, 20)
    a.add(6100, 100, "syscall_exit_wait4", 200, 0x50, 0)
    a.add(6200, 100, "syscall_entry_read", 0, 1)
    a.end_packet(discarded=5)
    b.end_packet()
    for cpu in (a, b):
        with open(f"{out}/channel0_{cpu.number}", "wb") as file:
            file.write(b"".join(cpu.packets))
    with open(f"{out}/metadata", "w") as file:
        file.write(metadata(contexts))


main()
