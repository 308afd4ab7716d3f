#!/bin/bash
# SPDX-License-Identifier: MIT
# rn-plot --report: one file that needs nothing else, in which nothing of the program can run.
set -u
nasty='<script>document.title="taken"</script><img src=x onerror=document.title=1>"'"'"'</script><!--'
mkdir -p "dir/$(printf '%s' "$nasty" | tr / _)"
cat >app.py <<'PY'
import os, sys, threading
def work(number):
    for i in range(50):
        with open(f"{sys.argv[1]}-{number}", "w") as file:
            file.write("x" * 100)
os.makedirs(os.path.dirname(sys.argv[1]) or ".", exist_ok=True)
threads = [threading.Thread(target=work, args=(n,)) for n in range(2)]
[t.start() for t in threads]
[t.join() for t in threads]
os.path.exists(sys.argv[2])
PY
rn-record -q --stack=frame -o run.rna -- python3 app.py "out/$(printf '%s' "$nasty" | tr / _)" "$nasty" || exit 1

# check FILE: well-formed enough for a strict look, self-contained, and the data is JSON.
check() {
    python3 - "$1" <<'PY'
import html.parser, json, re, sys

class Page(html.parser.HTMLParser):
    scripts, data, element, links, images, events = [], "", None, [], [], []
    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.element = tag, attributes
        if tag == "script":
            self.scripts.append(attributes)
        if tag == "img":
            self.images.append(attributes["src"])
        self.links += [value for key, value in attributes.items() if key in ("href", "src")]
        self.events += [key for key in attributes if key.startswith("on")]
    def handle_endtag(self, tag):
        self.element = None
    def handle_data(self, text):
        if self.element and self.element[1].get("id") == "data":
            self.data += text

page = Page()
text = open(sys.argv[1], encoding="utf-8").read()
page.feed(text)
data = json.loads(page.data)
assert len(page.scripts) == 2, page.scripts
assert re.search("script-src 'nonce-" + page.scripts[1]["nonce"] + "'", text)
assert not page.events, page.events
assert all(link.startswith(("#", "data:image/svg+xml;base64,")) for link in page.links)
assert data["rows"] and data["marks"] and data["events"] and data["names"], data.keys()
rows, names, categories = len(data["rows"]), len(data["names"]), len(data["categories"])
for row, category, begin, duration, name, what in data["events"]:
    assert 0 <= row < rows and 0 <= name < names and 0 <= category < categories
    assert begin + duration <= data["end"] + 1
assert any("onerror" in str(event[5]) for event in data["events"])
print(len(page.images))
PY
}
if rn-plot --report report.html run.rna && images=$(check report.html) && [ "$images" -ge 5 ]; then
    echo "ok - self-contained, escaped"
else
    echo "not ok - self-contained, escaped"
fi
mkdir bare && for program in rn-plot; do ln -s "$(command -v $program)" bare; done
if PATH=$PWD/bare "$(command -v rn-plot)" --report bare.html run.rna 2>err && grep -q 'gnuplot-nox' err &&
    [ "$(check bare.html)" = 0 ]; then
    echo "ok - without gnuplot: tables and time line, and a line that says so"
else
    cat err
    echo "not ok - without gnuplot: tables and time line, and a line that says so"
fi
if ! rn-plot --report x.html - <run.rna 2>err && grep -q 'several times' err && [ ! -e x.html ] &&
    ! rn-plot --report y.html none.rna 2>err && [ ! -e y.html ] &&
    ! rn-plot --report z.html --data run.rna 2>err && [ ! -e z.html ]; then
    echo "ok - refused with a line, and nothing is left"
else
    echo "not ok - refused with a line, and nothing is left"
fi
browser=$(command -v chromium || :)
if [ -z "$browser" ]; then
    echo "ok - in a browser # SKIP chromium is not installed"
else
    # From the file system, without a network; a thing that ran would have changed the title.
    HOME=$PWD timeout 120 "$browser" --headless --no-sandbox --disable-gpu --dump-dom \
        --virtual-time-budget=5000 "file://$PWD/report.html#t=0.001,0.1" >dom.html 2>browser.log
    HOME=$PWD timeout 120 "$browser" --headless --no-sandbox --disable-gpu --window-size=1300,900 \
        --screenshot=report.png --virtual-time-budget=5000 "file://$PWD/report.html" >>browser.log 2>&1
    if grep -q 'data-drawn="yes"' dom.html && grep -q '<title>python3 app.py' dom.html &&
        grep -q '<li><span style=' dom.html && [ "$(stat -c %s report.png)" -gt 20000 ]; then
        echo "ok - in a browser"
    else
        cat browser.log
        echo "not ok - in a browser"
    fi
fi
