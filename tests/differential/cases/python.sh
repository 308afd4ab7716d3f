# needs: python3
prepare() { :; }
run() {
    exec python3 -c 'import json, decimal, tempfile, os
path = os.path.join(os.environ["TMPDIR"], "x.json")
with open(path, "w") as f: json.dump({str(i): [i, i * 2] for i in range(3000)}, f)
with open(path) as f: print(sum(v[1] for v in json.load(f).values()))'
}
"$@"
