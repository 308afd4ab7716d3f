#!/bin/bash
# SPDX-License-Identifier: MIT
# OpenCL on whatever device is here, PoCL in most cases: the program's output and end are its own, each
# kernel and transfer is in the recording or stated lost, and times are where they must be.
set -u
unset OPENCL_LAYERS

verdict() {
    local name=$1
    shift
    if "$@"; then echo "ok - $name"; else echo "not ok - $name"; fi
}

[ -e "$RN_BUILD/lib/librn-opencl.so" ] || { echo "built without OpenCL"; exit 77; }
source=$RN_TOP/tests/opencl/opencl_modes.c
gcc -O1 -pthread -o modes "$source" -lOpenCL 2>log || { echo "no libOpenCL to link with"; exit 77; }
gcc -O1 -pthread -shared -fPIC -Dmain=late_main -o libmodes.so "$source" -lOpenCL
gcc -O1 -o late "$RN_TOP/tests/opencl/opencl_late.c" -ldl
# What PoCL compiles, it keeps: the first run is not like the others.
export POCL_CACHE_DIR=$PWD/cache
./modes kernels 1 >/dev/null
[ $? != 77 ] || { echo "no OpenCL device here"; exit 77; }

events() { rn-cat --json --kind "$2" "$1" | wc -l; }
lost_in() {
    rn-info --json "$1" | python3 -c 'import json, sys
print(sum(loss["count"] or 0 for loss in json.load(sys.stdin)["losses"]))'
}
# alike MODE COUNT [OPTION...]: the same output and end, recorded into MODE.rna.
alike() {
    local mode=$1 count=$2 bare recorded
    shift 2
    ./modes "$mode" "$count" >bare 2>&1
    bare=$?
    rn-record -q "$@" -o "$mode.rna" -- ./modes "$mode" "$count" >recorded 2>&1
    recorded=$?
    cmp bare recorded && [ $bare = $recorded ]
}
# holds MODE KERNELS TRANSFERS LOST
holds() {
    local found
    found="$(events "$1.rna" kernel) $(events "$1.rna" transfer) $(lost_in "$1.rna")"
    [ "$found" = "$2 $3 $4" ] || { echo "$1: kernels, transfers, lost are $found, not $2 $3 $4"; false; }
}
recorded() { verdict "$1" eval "alike $2 $3 && holds $2 $4 $5 $6"; }

recorded "10,000 kernels and waits: none is missing" kernels 10000 10000 1 0
verdict "each lies between its enqueueing and the wait for it" \
    "$RN_BUILD/robustness/device_intervals" kernels.rna
verdict "the clock of the device is known within 50 us" eval "rn-info --json kernels.rna | python3 -c '
import json, sys
clocks = json.load(sys.stdin)[\"device_clocks\"]
assert len(clocks) == 1 and clocks[0][\"bound_ns\"] <= 50000 and clocks[0][\"readings\"] >= 2, clocks'"
verdict "under ptrace, too" eval "alike kernels 1000 --engine=ptrace && holds kernels 1000 1 0 &&
    '$RN_BUILD/robustness/device_intervals' kernels.rna"
recorded "transfers" transfers 10 0 60 0
verdict "transfers have directions and bytes" eval "rn-cat --json --kind transfer transfers.rna | python3 -c '
import collections, json, sys
args = [json.loads(line) for line in sys.stdin]
found = collections.Counter((e[\"name\"], e[\"args\"][\"direction\"], e[\"args\"][\"bytes\"]) for e in args)
assert found == {(\"write\", 1, 4096): 10, (\"copy\", 3, 512): 10, (\"fill\", 6, 256): 10,
                 (\"read\", 2, 128): 10, (\"map\", 2, 1024): 10, (\"unmap\", 1, 0): 10}, found'"
verdict "sizes, names and calls" eval "rn-cat --json --kind kernel kernels.rna | python3 -c '
import json, sys
for event in map(json.loads, sys.stdin):
    args = event[\"args\"]
    assert event[\"name\"] == \"add\" and args[\"api\"] == 2, event
    assert (args[\"grid_x\"], args[\"grid_y\"], args[\"group_x\"]) == (16, 1, 64), event
' && rn-cat --kind api kernels.rna | grep -q '^[0-9]* *clBuildProgram() *= 0'"
recorded "the program cannot tell" masked 1 6 0 0
recorded "a queue without order, a user event" unordered 50 50 1 0
recorded "events that are polled; nothing released" polled 50 50 0 0
recorded "two queues and a context in each of four threads" threads 50 204 0 0
recorded "the program ends while kernels run" running 20 21 0 0
recorded "a fork before" fork_before 20 40 2 0
recorded "a fork after" fork_after 20 20 1 0
recorded "many queues, one after the other" queues 1100 1100 1 0
recorded "killed: what had not ended is stated lost" killed 100 100 0 100

orphaned() {
    rn-record -q -o orphaned.rna -- ./modes orphaned 500 >/dev/null 2>&1
    rn-info --seal orphaned.rna.part >/dev/null &&
        [ "$(events orphaned.rna kernel)" = 500 ] && "$RN_BUILD/robustness/device_intervals" orphaned.rna
}
verdict "the recorder is killed: what was recorded is there" orphaned

verdict "loaded late" eval "rn-record -q --opencl -o late.rna -- ./late ./libmodes.so kernels 20 >out &&
    [ \$(cat out) = 20 ] && holds late 20 1 0"
verdict "off is off, and auto needs the loader" eval "
    rn-record -q --opencl=off -o off.rna -- ./modes kernels 5 >out && holds off 0 0 0 &&
    rn-record -q -o auto.rna -- ./late ./libmodes.so kernels 5 >out && holds auto 0 0 0"
verdict "the environment is kept, and changed only where it must be" eval "
    [ \"\$(OPENCL_LAYERS=/x rn-record -q --opencl -o e.rna -- sh -c 'echo \$OPENCL_LAYERS')\" = \
      '$RN_BUILD/lib/librn-opencl.so:/x' ] 2>/dev/null &&
    [ -z \"\$(rn-record -q -o e.rna -- env | grep -e OPENCL -e RN_RINGS)\" ]"
verdict "what was asked for and did not come is said" eval "rn-record --opencl -o none.rna -- true 2>err
    [ \$(wc -l <err) = 1 ] && grep -q 'no OpenCL: the program did not use it' err &&
    rn-info none.rna | grep -q '^Notice .*no OpenCL'"

# A loader without layers, as NVIDIA's toolkit brings it: ocl-icd's, with the variable's name overwritten.
loader=$(ldd ./modes | awk '$1 == "libOpenCL.so.1" { print $3 }')
mkdir plain && LC_ALL=C sed 's/OPENCL_LAYERS/opencl_layers/g' "$loader" >plain/libOpenCL.so.1
chmod +x plain/libOpenCL.so.1
plain_loader() {
    LD_LIBRARY_PATH=$PWD/plain rn-record "$@" -o plain.rna -- ./modes kernels 5 >out 2>err &&
        [ "$(cat out)" = 5 ] && [ "$(wc -l <err)" = 1 ] && holds plain 0 0 0 &&
        grep -q 'no OpenCL: .*takes no layers;.* it is .*plain/libOpenCL.so.1$' err &&
        rn-info plain.rna | grep -q '^Notice .*takes no layers'
}
verdict "a loader that takes no layers is named" plain_loader --opencl
verdict "and without being asked" plain_loader
echo 'int clGetPlatformIDs(unsigned, void *, unsigned *); int main(int c, char **v) { return c > 5 ? clGetPlatformIDs(0, v, 0) : 0; }' |
    gcc -o unused -x c - -lOpenCL
unused() {
    LD_LIBRARY_PATH=$PWD/plain rn-record -o unused.rna -- ./unused 2>err && [ ! -s err ] &&
        ! rn-info unused.rna | grep -q '^Notice'
}
verdict "but not where it is not used" unused

# elsewhere LIBRARY: the recorder with that file as its library; its one line.
elsewhere() {
    rm -rf elsewhere
    mkdir -p elsewhere/bin elsewhere/lib/renacer
    cp "$(command -v rn-record)" elsewhere/bin
    [ -z "$1" ] || cp "$1" elsewhere/lib/renacer/librn-opencl.so
    elsewhere/bin/rn-record -o elsewhere.rna -- ./modes kernels 5 >out 2>err
    [ $? = 0 ] && [ "$(cat out)" = 5 ] && [ "$(wc -l <err)" = 1 ] && holds elsewhere 0 0 0 && cat err
}
echo text >text
cp "$RN_BUILD/lib/librn-opencl.so" foreign
printf '\x08\x00' | dd of=foreign bs=1 seek=18 conv=notrunc 2>/dev/null # EM_MIPS
verdict "a library that is not there" eval "elsewhere '' | grep -q 'OpenCL will not be recorded: librn-opencl.so is not there'"
verdict "a library that is none" eval "elsewhere text | grep -q 'OpenCL will not be recorded: .* is no shared library'"
verdict "a library of another machine" eval "elsewhere foreign | grep -q 'OpenCL will not be recorded: .* is of another architecture'"
verdict "no driver: the program's own business" eval "
    OCL_ICD_VENDORS=\$PWD/none rn-record -q -o no.rna -- ./modes kernels 5 2>err; [ \$? = 77 ] && holds no 0 0 0"

cat >add.py <<'PY'
import numpy, pyopencl as cl
context = cl.create_some_context(interactive=False)
queue = cl.CommandQueue(context)
a = numpy.arange(1000, dtype=numpy.float32)
buffer = cl.Buffer(context, cl.mem_flags.READ_WRITE | cl.mem_flags.COPY_HOST_PTR, hostbuf=a)
program = cl.Program(context, "__kernel void twice(__global float *a) { a[get_global_id(0)] *= 2; }").build()
for _ in range(5):
    program.twice(queue, a.shape, None, buffer)
cl.enqueue_copy(queue, a, buffer)
print(a[:3].tolist(), queue.properties)
PY
if /usr/bin/python3 -c 'import pyopencl' 2>/dev/null; then
    export PYOPENCL_NO_CACHE=1 PYTHONWARNINGS=ignore XDG_CACHE_HOME=$PWD
    verdict "pyopencl" eval "/usr/bin/python3 add.py >bare && rn-record -q --opencl -o py.rna -- \
        /usr/bin/python3 add.py >recorded && cmp bare recorded && holds py 5 1 0 &&
        rn-cat --kind kernel py.rna | grep -q 'kernel twice<<<'"
else
    echo "ok - pyopencl # SKIP it is not there"
fi
