#!/bin/bash
# SPDX-License-Identifier: MIT
# Pictures: files of the right kind come out, whatever the traced program is called.
set -u
command -v gnuplot >/dev/null || {
    echo "ok - pictures # SKIP gnuplot is not there"
    exit 0
}

verdict() {
    local name=$1
    shift
    if "$@"; then echo "ok - $name"; else echo "not ok - $name"; fi
}

"$RN_SAMPLES/build_trace" sample.rna
"$RN_SAMPLES/generate_device" -n 200 device.rna
"$RN_SAMPLES/generate_archive" -n 60000 server.rna
rn-record -q -o pipe.rna -- sh -c 'seq 1 2000 | sort -n | tail -n 1' >/dev/null
rn-record -q -o true.rna -- true
rn-merge -o merged.rna pipe.rna true.rna
for i in 1 2 3 4; do "$RN_SAMPLES/generate_blocks" run$i.rna $i 2000; done
rn-backend-fit --history h.db run?.rna >/dev/null && rn-backend-fit --history h.db --plot-data \
    -o models.dat
ln -s models.dat models.rna

# NAME is a file of that format, and not an empty drawing.
is_picture() {
    case $1 in
    *.png) [ "$(head -c 8 "$1" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ] ;;
    *.svg) grep -q '<svg' "$1" && xmllint --nonet --noout "$1" ;;
    *.pdf) [ "$(head -c 5 "$1")" = %PDF- ] && tail -c 10 "$1" | grep -q '%%EOF' ;;
    esac && [ "$(stat -Lc %s "$1")" -gt 2500 ]
}
draws() {
    local type=$1 format
    shift
    for format in png svg pdf; do
        rn-plot -t "$type" -o "out.$format" "$@" && is_picture "out.$format" || return 1
    done
    rn-plot --term -t "$type" "$@" >out.txt && [ "$(wc -l <out.txt)" -gt 20 ]
}
for type in timeline histogram cdf heatmap throughput; do
    verdict "$type of devices" draws $type device.rna
    verdict "$type of many system calls" draws $type server.rna
    verdict "$type of two recordings" draws $type sample.rna device.rna
done
verdict "bandwidth" draws bandwidth device.rna
verdict "bandwidth of two recordings" draws bandwidth device.rna device.rna
verdict "flame graph" draws flame pipe.rna
verdict "flame graphs of two recordings" draws flame pipe.rna true.rna
verdict "space-time diagram" draws spacetime merged.rna
verdict "space-time diagrams of two recordings" draws spacetime merged.rna merged.rna
verdict "models" draws models models.rna
verdict "models of two" draws models models.rna models.rna

# Names that gnuplot, its enhanced text, a shell or SVG would take for something else.
cat >odd.py <<'END'
import os, shutil
names = [b"`touch pwned`", b"'.system('touch", b"$(touch pwned)", b"\"; !touch pwn", b"@foo %s %d %f",
         b"a\nplot x\n!ls", b"\x01\x1b[31m\xff\xfe", b"{Bold x}_1^2", b"<text><&>", b"\\n\\x41#~"]
os.mkdir("odd")
for name in names:
    program = b"odd/" + name
    shutil.copy("/bin/true", program)
    if os.fork() == 0:
        os.execv(program, [program, name])
    os.wait()
END
odd='d`touch pwned`'\'' ".@x%d$(touch pwned){#}'
mkdir "$odd" && cp odd.py "$odd/o'"'`touch pwned`.py'
rn-record -q -o "$odd/"'a`touch pwned`'\''".rna' -- /usr/bin/python3 "$odd/o'"'`touch pwned`.py' >/dev/null
harmless() {
    local type format
    for type in timeline histogram cdf heatmap throughput flame; do
        for format in png svg pdf; do
            rn-plot -t $type -o out.$format "$odd/"*.rna && is_picture out.$format || return 1
        done
        rn-plot --term -t $type "$odd/"*.rna >out.txt || return 1
    done
    rn-merge -q -o odd.rna "$odd/"*.rna true.rna && draws spacetime odd.rna
    [ ! -e pwned ] && [ ! -e "$odd/pwned" ]
}
verdict "names with a meaning for gnuplot mean nothing" harmless
shown() {
    rn-plot -o out.svg "$odd/"*.rna && python3 - <<'END'
import xml.etree.ElementTree as tree
texts = ["".join(e.itertext()) for e in tree.parse("out.svg").iter("{http://www.w3.org/2000/svg}text")]
for wanted in ["`touch pwned`", "$(touch pwned)", "@foo %s %d %f", "{Bold x}_1^2", "<text><&>",
               "\\x5cn\\x5cx41#~", "\\x01\\x1b[31m\\xff\\xfe", "a\\x0aplot x\\x0a!ls"]:
    assert any(t.strip().startswith(wanted) for t in texts), (wanted, texts)
END
}
verdict "they are shown as they are, or escaped" shown
models_harmless() {
    printf '# curve (size ns low high): `touch pwned`'\''@x %%d: `touch pwned`'\''\n1 2 1 3\n8 9 8 10\n' |
        rn-plot -t models -o out.svg - && is_picture out.svg && [ ! -e pwned ]
}
verdict "nor do names of operations" models_harmless

scripts_are_replaced() {
    cp -r "$RN_TOP/scripts/gnuplot" mine && sed -i 's/unset key/unset key; set label 50 "changed" at screen 0.5,0.5/' \
        mine/common.gp && rn-plot --scripts mine -o out.svg sample.rna && grep -q changed out.svg
}
verdict "scripts can be replaced" scripts_are_replaced
failure_leaves_nothing() {
    local status=0
    rm -f out.png
    echo 'plot nonsense' >>mine/timeline.gp
    rn-plot --scripts mine -o out.png sample.rna 2>err || status=$?
    [ $status = 2 ] && [ ! -e out.png ] && [ "$(wc -l <err)" = 1 ] &&
        grep -q '^rn-plot: gnuplot: .*timeline.gp.*line.*nonsense' err || { cat err; false; }
}
verdict "a failure of gnuplot is one line, and leaves no file" failure_leaves_nothing

# What is missing is in the caption, and is told.
loses() {
    head -c $(($(stat -c %s server.rna) / 2)) server.rna >cut.rna
    rn-plot -o out.svg cut.rna 2>err
    is_picture out.svg && grep -q 'recording incomplete' out.svg && grep -q incomplete err
}
verdict "what is missing is in the caption" loses
