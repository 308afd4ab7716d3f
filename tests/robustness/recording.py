# SPDX-License-Identifier: MIT
"""What the tests that kill and starve recorders share."""
import os
import re
import subprocess

STEP = re.compile(rb"\blseek\(\d+, (\d+), SEEK_SET\)\s+= (\d+)")


def steps_of(binaries, path):
    """Numbers that the program `steps` sought to, as recorded, in order; and rn-cat's result."""
    done = subprocess.run([os.path.join(binaries, "rn-cat"), "-e", "lseek", path],
                          capture_output=True, timeout=60)
    return [int(m.group(2)) for m in STEP.finditer(done.stdout)], done


def losses_of(binaries, path):
    """Lines about losses and interruptions."""
    done = subprocess.run([os.path.join(binaries, "rn-cat"), "--json", "-e", "kind=loss,kind=notice",
                           path], capture_output=True, timeout=60)
    return done.stdout.decode(errors="replace").splitlines()


def counter_of(path):
    """How far the program came, by its own account."""
    try:
        with open(path, "rb") as file:
            return int.from_bytes(file.read(8), "little")
    except OSError:
        return 0


def state_of(pid):
    """Letter of the process state in /proc; None where there is no such process."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return None
