# SPDX-License-Identifier: MIT
"""rn-cat --json RECORDING | inside.py COUNT: are there so many kernels, and do they lie between the begin
of the submit that asked for them and the end of the call that waited, within the bound that is promised?
A wait for a later submit waits for those before it, too. Prints how near they come."""
import json
import sys

BOUND_NS = 50000


def waited_until(waited, of):
    """When it was known that the submit is through."""
    if of in waited:
        return waited[of][1]
    later = [end for submit, (_, end) in waited.items() if submit > of]
    if not later:
        sys.exit(f"nothing waited for submit {of}")
    return min(later)


def main(count):
    asked, waited, ran = {}, {}, []
    for line in sys.stdin:
        event = json.loads(line)
        if event["kind"] not in ("api", "kernel"):
            continue
        begin = int(event["start_ns"])
        end, of = begin + event["duration_ns"], event["args"]["correlation"]
        if event["kind"] == "kernel":
            ran.append((begin, end, of))
        elif of:
            calls = asked if event["name"].startswith("vkQueueSubmit") else waited
            calls[of] = (begin, end)
    if len(ran) != count:
        sys.exit(f"{len(ran)} kernels instead of {count}")
    early = min(begin - asked[of][0] for begin, _, of in ran)
    late = min(waited_until(waited, of) - end for _, end, of in ran)
    print(f"{len(ran)} kernels; least from the begin of the submit {early} ns, to the end of the wait "
          f"{late} ns")
    if early < -BOUND_NS or late < -BOUND_NS:
        sys.exit(f"more than {BOUND_NS} ns outside")


main(int(sys.argv[1]))
