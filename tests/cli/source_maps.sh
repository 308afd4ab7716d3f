#!/bin/bash
# SPDX-License-Identifier: MIT
# --source-map: places in source that a transpiler generated are told as those in the original.
set -u
verdict() {
    local name=$1
    shift
    if "$@"; then echo "ok - $name"; else echo "not ok - $name"; fi
}
[ "$(uname -m)" = x86_64 ] || { echo "stacks are walked on x86-64 only"; exit 77; }
gcc --version >/dev/null 2>&1 || { echo "gcc is not installed"; exit 77; }

# What stands for a transpiler's output. LETTER is what it writes.
mkdir generated
cat >generated/app.c <<'EOF'
#include "rn_simd.h"
#include <unistd.h>

int process_data(int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++) {
        sum += i;
        if (i == n - 1)
            sum += write(1, LETTER, 1);
    }
    return sum;
}

static void helper_2(void)
{
    (void)!write(1, "y\n", 2);
}

static void block(void)
{
    RN_SIMD_BLOCK("saxpy", 100, 1200, 200);
}

static void unmapped(void)
{
    (void)!write(2, "", 0);
}

int main(void)
{
    block();
    process_data(3);
    helper_2();
    unmapped();
    return 0;
}
EOF
cat >app.json <<'EOF'
{"version": 1, "source_language": "python", "source_file": "src/app.py",
 "generated_file": "generated/app.c",
 "mappings": [
  {"generated_line": 6, "generated_function": "process_data", "original_line": 2,
   "original_function": "process", "context": "total = 0"},
  {"generated_line": 9, "generated_function": "process_data", "original_line": 3,
   "original_function": "process", "context": "for-loop"},
  {"generated_line": 21, "generated_function": "block", "original_line": 30},
  {"generated_line": 32, "generated_function": "main", "original_line": 9}],
 "function_map": {"helper_2": "helper"}}
EOF
build() { # OUTPUT LETTER
    gcc -g -O0 -fno-omit-frame-pointer -I"$RN_TOP/capture/inject" -DLETTER="\"$2\"" -o "$1" \
        generated/app.c || exit 1
}
build a x
build b X
printf '[{"timestamp_us":%s000000,"category":"c","name":"chosen","input":"i","result":"r",%s}]\n' \
    "$(date +%s)" '"source_location":"generated/app.c:10","decision_id":1' >choices
for side in a b; do
    rn-record -q --stack=frame --simd -o $side.rna -- ./$side >/dev/null 2>&1 || exit 1
done

text() {
    rn-cat -k --source-map app.json -e write a.rna >out || return
    grep -q '^ > process() src/app\.py:3 (app\.c:10) \[a+0x' out &&
        grep -q '^ > main() src/app\.py:9 (app\.c:3[0-9]) \[a+0x' out &&
        grep -q '^ > helper() src/app\.py (app\.c:17) \[a+0x' out &&
        grep -q '^ > unmapped() .*generated/app\.c:27 \[a+0x' out
}
verdict "text" text
plain() { # without the option, as ever
    rn-cat -k -e write a.rna >out && ! grep -q 'app\.py' out &&
        grep -q '^ > process_data() .*generated/app\.c:10 \[a+0x' out
}
verdict "not without the option" plain
json() {
    rn-cat --json -k --source-map app.json -e write a.rna >out || return
    python3 - <<'EOF'
import json
frames = [frame for line in open("out") for frame in json.loads(line)["frames"]]
one = next(frame for frame in frames if frame["function"] == "process")
assert one["file"] == "src/app.py" and one["line"] == 3, one
assert one["generated_function"] == "process_data" and one["generated_line"] == 10, one
assert one["generated_file"].endswith("generated/app.c"), one
assert one["source_language"] == "python" and one["context"] == "for-loop", one
other = next(frame for frame in frames if frame["function"] == "unmapped")
assert "generated_line" not in other, other
EOF
}
verdict "JSON" json

groups() {
    rn-stat --by line --source-map app.json -e write --csv a.rna >out || return
    grep -q 'process (app\.py:3)' out && grep -q 'helper (app\.py)' out &&
        grep -q 'unmapped (app\.c:27)' out || return
    rn-stat --by function --source-map app.json -e write --csv a.rna | grep -q 'process' || return
    rn-stat --folded --source-map app.json -e write a.rna | grep -q ';main;process;'
}
verdict "rn-stat: groups are the original's" groups

block() {
    rn-cat --source-map app.json -e kind=block a.rna |
        grep -q 'saxpy .* at src/app\.py:30 (generated/app\.c:22)' &&
        rn-cat --json --source-map app.json -e kind=block a.rna |
        grep -q '"source":"src/app.py:30","generated_source":"generated/app.c:22"'
}
verdict "a compute block" block
decision() {
    rn-record -q --decisions choices.json -o d.rna -- cp choices choices.json || return
    rn-cat --source-map app.json -e kind=decision d.rna |
        grep -q 'c::chosen at src/app\.py:3 (generated/app\.c:10)' &&
        rn-cat -e kind=decision d.rna | grep -q 'c::chosen at generated/app\.c:10 input'
}
verdict "a decision" decision

differ() {
    rn-diff --source-map app.json a.rna b.rna >out
    [ $? = 1 ] || return
    grep -A 2 '^-> .*write' out | grep -q '^ > process() src/app\.py:3 (app\.c:10) \[a+' &&
        grep -A 2 '^+> .*write' out | grep -q '^ > process() src/app\.py:3 (app\.c:10) \[b+' ||
        return
    rn-diff a.rna b.rna | grep -q '^ > process_data() .*generated/app\.c:10 \[a+' || return
    rn-diff --json --source-map app.json a.rna b.rna |
        grep -q '"event_b":{[^}]*"frames":\[.*"function":"process","file":"src/app.py","line":3'
}
verdict "rn-diff: where they first differ" differ

export_otlp() {
    type -P rn-export-otlp >/dev/null || return 0 # a core build has none
    rn-export-otlp -q --source-map app.json -o out.jsonl a.rna || return
    python3 - <<'EOF'
import json
found = []
for line in open("out.jsonl"):
    for resource in json.loads(line)["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                values = {item["key"]: list(item["value"].values())[0]
                          for item in span.get("attributes", [])}
                if "rn.generated.line.number" in values:
                    found.append((span["name"], values))
call = next(values for name, values in found
            if values.get("rn.generated.function.name") == "process_data")
assert call["code.function.name"] == "process" and call["code.file.path"] == "src/app.py", call
assert str(call["code.line.number"]) == "3" and str(call["rn.generated.line.number"]) == "10", call
assert call["rn.generated.file.path"].endswith("generated/app.c"), call
block = next(values for name, values in found if str(values["rn.generated.line.number"]) == "22")
assert block["code.file.path"] == "src/app.py" and str(block["code.line.number"]) == "30", block
assert block["rn.generated.file.path"] == "generated/app.c", block
EOF
}
verdict "rn-export-otlp" export_otlp

embedded() { # what is in the recording is as it was compiled, and is mapped
    cp a.rna e.rna && rn-info -q --embed-symbols e.rna && mv a gone || return
    rn-cat -k -e write e.rna | grep -q '^ > process_data() .*generated/app\.c:10' &&
        rn-cat -k --source-map app.json -e write e.rna | grep -q '^ > process() src/app\.py:3'
    local status=$?
    mv gone a
    return $status
}
verdict "of symbols in the recording" embedded

# A real transpiler's target: names of crates, closures, generic functions; fields as Depyler names
# them.
rust() {
    mkdir rust && cat >rust/app.rs <<'EOF'
use std::io::Write;
#[inline(never)]
fn process_data<T: std::fmt::Display>(items: &[T]) {
    items.iter().for_each(|item| {
        let mut out = std::io::stdout();
        write!(out, "{}\n", item).unwrap();
        out.flush().unwrap();
    });
}
fn main() {
    process_data(&[1, 2]);
}
EOF
    cat >rust.json <<'EOF'
{"version": 1, "source_language": "python", "source_file": "app.py", "generated_file": "app.rs",
 "mappings": [
  {"rust_line": 4, "rust_function": "process_data", "python_line": 2,
   "python_function": "process", "python_context": "for item in items"},
  {"rust_line": 6, "rust_function": "process_data", "python_line": 3,
   "python_function": "process", "python_context": "print(item)"},
  {"rust_line": 11, "rust_function": "main", "python_line": 6, "python_function": "",
   "python_context": ""}],
 "function_map": {"main": "<module>"}}
EOF
    rustc -g -o rust/app rust/app.rs &&
        rn-record -q --stack=dump:16384 -o rust.rna -- rust/app >/dev/null || return
    rn-cat -k --source-map rust.json -e write rust.rna >out
    grep -q '^ > process() app\.py:3 (app\.rs:6)' out && grep -q '^ > process() app\.py:2 (app\.rs:4)' out &&
        grep -q '^ > <module>() app\.py:6 (app\.rs:11)' out
}
if rustc --version >/dev/null 2>&1; then
    verdict "Rust" rust
else
    echo "ok - Rust # SKIP rustc is not installed"
fi

# refused MESSAGE COMMAND...
refused() {
    local told=$1
    shift
    "$@" >out 2>message
    [ $? = 2 ] && [ ! -s out ] && [ "$(wc -l <message)" = 1 ] && grep -qF -- "$told" message
}
sed 's/"version": 1/"version": 2/' app.json >version.json
head -c 100 app.json >cut.json
sed 's/"original_line": 3,/"original_line": 0,/' app.json >line.json
verdict "another version" refused "version.json: a source map of version 2; this program knows version 1" \
    rn-cat --source-map version.json a.rna
verdict "a cut file" refused "cut.json: offset 100: line 2: " rn-cat --source-map cut.json a.rna
verdict "a line that is none" refused 'line.json: mapping 2: "original_line" is no line' \
    rn-diff --source-map line.json a.rna b.rna
verdict "no file" refused "nowhere.json: cannot read: No such file" \
    rn-stat --by line --source-map nowhere.json a.rna
verdict "twice" refused "a second source map of 'generated/app.c'" \
    rn-cat --source-map app.json --source-map app.json a.rna
verdict "rn-stat: not without places" refused "--source-map is about where in the source" \
    rn-stat --source-map app.json a.rna
exit 0
