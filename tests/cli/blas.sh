#!/bin/bash
# SPDX-License-Identifier: MIT
# BLAS and FFTW without a change of the program: the same results, each call once, with its sizes; with
# OpenBLAS, the reference BLAS and numpy.
set -u

verdict() {
    local name=$1
    shift
    if "$@"; then echo "ok - $name"; else echo "not ok - $name"; fi
}

if ! gcc -O1 -o calls "$RN_TOP/tests/compute/blas_calls.c" -lblas -lfftw3 -lm 2>log; then
    echo "no BLAS or FFTW to compile with: $(grep -m 1 error log)"
    exit 77
fi
libraries=/usr/lib/$(gcc -print-multiarch)
export OPENBLAS_NUM_THREADS=1

# checks LIBRARY ISA: what the blocks of `calls` are.
checks() {
    rn-cat --json --kind block blas.rna | python3 -c '
import collections, json, sys
blocks = [json.loads(line) for line in sys.stdin]
names = collections.Counter(block["name"] for block in blocks)
wanted = {"dgemm": 2, "daxpy": 1, "dscal": 1, "dgemv": 1, "dtrsm": 1, "ddot": 1, "dnrm2": 1,
          "idamax": 1, "fftw_plan_dft_1d": 1, "fftw_execute": 2}
assert names == wanted, names
n = 48
for block in blocks:
    name, args = block["name"], block["args"]
    assert args["depth"] == 0, block
    isa = args.get("isa")
    assert (isa is None) == (args["provenance"] == 0), block
    assert isa is None or args["provenance"] == 3, block
    if name.startswith("fftw"):
        assert args["elements"] == 256, block
        assert name != "fftw_execute" or (args["bytes"] == 8192 and args["flops"] == 10240), block
        continue
    assert (isa is not None) == (sys.argv[1] == "openblas"), block
    flops = {"dgemm": 2 * n ** 3, "daxpy": 2 * n, "dscal": n, "dgemv": 2 * n * n, "dtrsm": n ** 3,
             "ddot": 2 * n, "dnrm2": 2 * n, "idamax": n}[name]
    assert args["flops"] == flops, block
    assert name != "dgemm" or (args["elements"] == n * n and args["bytes"] == 32 * n * n), block
' "$1"
}

# with NAME DIRECTORY: the library of that directory.
with() {
    local path=$libraries/$2
    [ -e "$path/libblas.so.3" ] || { echo "ok - $1 # SKIP it is not there"; return; }
    export LD_LIBRARY_PATH=$path
    verdict "$1: the program's results are its own" eval \
        "./calls >plain && rn-record -q --blas -o blas.rna -- ./calls >recorded && cmp plain recorded"
    verdict "$1: each call is there once, with its sizes" checks "$1"
    verdict "$1: a flood is counted" eval "rn-record -q --blas -o flood.rna -- ./calls flood 300000 \
        >/dev/null && [ \$(rn-stat -q --csv --by kind -e kind=block flood.rna | \
        awk -F, '\$1 == \"block\" { print \$5 }') = 300000 ]"
    unset LD_LIBRARY_PATH
}
with openblas openblas-pthread
with reference blas

# numpy loads its BLAS for itself alone.
if /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
    verdict "numpy: a product of matrices" eval "rn-record -q --blas -o numpy.rna -- \
        /usr/bin/python3 -c 'import numpy as n; a = n.ones((60, 50)); print((a @ a.T.copy()).sum())' \
        >sum && [ \"\$(cat sum)\" = 180000.0 ] && rn-cat --kind block numpy.rna |
        grep -q 'block dgemm .*elements=3600 .*flops=360000 '"
else
    echo "ok - numpy # SKIP it is not there"
fi
# Threads of their own, and a program that was not asked for.
verdict "a program without BLAS: a notice" eval "rn-record -q --blas -o none.rna -- ls / >/dev/null &&
    rn-info none.rna | grep -q '^Notice .*no compute blocks'"
