// SPDX-License-Identifier: MIT
// The time line of a report. Its data is JSON in the page: rows, categories, binned marks, and the
// longest events one by one. Nothing of it is ever taken for HTML.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const canvas = document.querySelector("#timeline canvas");
  const tip = document.getElementById("tip");
  const context = canvas.getContext("2d");
  const FONT = "12px ui-monospace, monospace";
  const ROW = 22, LANE = 15, TOP = 26, NARROW = 3, DEPTH = 8;
  const end = Math.max(data.end, 1);

  // What lies in something else of its row is drawn below it. The longest of those that begin together
  // comes first.
  data.events.sort((a, b) => a[0] - b[0] || a[2] - b[2] || b[3] - a[3]);
  const depths = new Array(data.events.length).fill(0), lanes = new Array(data.rows.length).fill(1);
  let open = [], openRow = -1;
  data.events.forEach(([row, , begin, length], i) => {
    if (row !== openRow)
      open = [];
    openRow = row;
    while (open.length && open[open.length - 1] <= begin)
      open.pop();
    depths[i] = Math.min(open.length, DEPTH - 1);
    lanes[row] = Math.max(lanes[row], depths[i] + 1);
    open.push(begin + length);
  });
  const heights = lanes.map(n => n === 1 ? ROW : n * LANE + 6);
  const tops = [TOP];
  heights.forEach((h, i) => tops.push(tops[i] + h));
  let from = 0, to = end, left = 170, width = 0, drag = null;

  // What is not UTF-8 comes as the numbers of its bytes.
  const text = value => Array.isArray(value)
    ? value.map(b => b >= 32 && b < 127 ? String.fromCharCode(b) : "\\x" + b.toString(16).padStart(2, "0")).join("")
    : String(value).replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
                            c => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
  const duration = ns => ns < 1e3 ? `${ns.toFixed(0)} ns` : ns < 1e6 ? `${(ns / 1e3).toPrecision(4)} us`
    : ns < 1e9 ? `${(ns / 1e6).toPrecision(4)} ms` : `${(ns / 1e9).toPrecision(5)} s`;
  const x = ns => left + (ns - from) / (to - from) * (width - left);
  const at = px => from + (px - left) / (width - left) * (to - from);
  const rowOf = y => tops.findIndex((top, i) => i < heights.length && y >= top && y < tops[i + 1]);
  // Top and height of an event.
  const boxOf = i => {
    const row = data.events[i][0];
    return lanes[row] === 1 ? [tops[row] + 3, ROW - 6] : [tops[row] + 3 + depths[i] * LANE, LANE];
  };
  const color = (name, fallback) => getComputedStyle(document.documentElement).getPropertyValue(name).trim() || fallback;

  // A round step so that there are about eight of them.
  function step(range) {
    const power = Math.pow(10, Math.floor(Math.log10(range / 8)));
    for (const factor of [1, 2, 5, 10])
      if (range / (power * factor) <= 8)
        return power * factor;
    return power * 10;
  }

  function drawAxis() {
    const by = step(to - from), ink = color("--dim", "#777");
    const unit = by >= 1e9 ? [1e9, "s"] : by >= 1e6 ? [1e6, "ms"] : by >= 1e3 ? [1e3, "us"] : [1, "ns"];
    context.fillStyle = ink;
    context.strokeStyle = color("--line", "#8884");
    for (let t = Math.ceil(from / by) * by; t <= to; t += by) {
      context.beginPath();
      context.moveTo(x(t), TOP - 4);
      context.lineTo(x(t), tops[data.rows.length]);
      context.stroke();
      context.textAlign = x(t) - left < 30 ? "left" : width - x(t) < 30 ? "right" : "center";
      context.fillText(+(t / unit[0]).toFixed(6) + " " + unit[1], x(t), TOP - 9);
    }
  }

  function drawMarks() {
    for (const [row, category, begin, finish, share] of data.marks) {
      if (finish < from || begin > to)
        continue;
      const a = Math.max(x(begin), left), b = Math.min(x(finish), width);
      const full = lanes[row] === 1 ? ROW - 8 : LANE - 2, high = Math.max(full * share, 2);
      context.fillStyle = data.categories[category].color;
      context.fillRect(a, tops[row] + 4 + full - high, Math.max(b - a, 0.7), high);
    }
  }

  // Where there is room for its name an event has one.
  function drawEvents() {
    for (let i = 0; i < data.events.length; i++) {
      const [, category, begin, length, name] = data.events[i];
      if (begin + length < from || begin > to)
        continue;
      const [top, high] = boxOf(i);
      const a = Math.max(x(begin), left), b = Math.min(x(begin + length), width);
      if (b - a < NARROW)
        continue;
      context.fillStyle = data.categories[category].color;
      context.fillRect(a, top, b - a, high);
      context.strokeStyle = color("--paper", "#fff");
      context.strokeRect(a, top, b - a, high);
      if (b - a < 40)
        continue;
      context.save();
      context.beginPath();
      context.rect(a + 2, top, b - a - 4, high);
      context.clip();
      context.fillStyle = data.categories[category].dark ? "#fff" : "#000";
      context.textAlign = "left";
      context.fillText(text(data.names[name]), a + 4, top + high / 2 + 4);
      context.restore();
    }
  }

  function drawNames() {
    context.fillStyle = color("--paper", "#fff");
    context.fillRect(0, 0, left, canvas.height);
    context.fillStyle = color("--ink", "#000");
    context.textAlign = "left";
    data.rows.forEach((row, i) => {
      context.save();
      context.beginPath();
      context.rect(0, tops[i], left - 6, heights[i]);
      context.clip();
      context.fillText(text(row.name), 4, tops[i] + heights[i] / 2 + 4);
      context.restore();
    });
  }

  function draw() {
    const ratio = window.devicePixelRatio || 1, height = tops[data.rows.length] + 8;
    width = canvas.parentElement.clientWidth;
    context.font = FONT;
    left = Math.min(Math.max(100, ...data.rows.map(row => context.measureText(text(row.name)).width + 14)), width / 3);
    canvas.style.height = height + "px";
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = FONT;
    context.clearRect(0, 0, width, height);
    drawAxis();
    drawMarks();
    drawEvents();
    drawNames();
  }

  function show(a, b) {
    const range = Math.min(Math.max(b - a, 100), end);
    from = Math.min(Math.max(a, 0), end - range);
    to = from + range;
    draw();
  }

  function zoom(factor, center) {
    show(center - (center - from) * factor, center + (to - center) * factor);
  }

  function hit(px, py) {
    const row = rowOf(py), time = at(px), close = (to - from) / (width - left) * 2;
    let best = null;
    data.events.forEach((event, i) => {
      const [top, high] = boxOf(i);
      if (event[0] === row && py >= top && py < top + high && event[2] <= time + close &&
          event[2] + event[3] >= time - close && (!best || event[3] < best[3]))
        best = event;
    });
    if (best)
      return `${text(data.names[best[4]])}\nat ${duration(best[2])}, took ${duration(best[3])}` +
             (best[5] ? "\n" + text(best[5]) : "");
    for (const [r, category, begin, finish, share, events] of data.marks)
      if (r === row && begin <= time + close && finish >= time - close)
        return `${events} × ${data.categories[category].name}\n${duration(begin)} to ${duration(finish)}, ` +
               `${(100 * share).toFixed(0)} % of the time`;
    return null;
  }

  canvas.addEventListener("wheel", event => {
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, at(event.offsetX));
  }, { passive: false });
  canvas.addEventListener("pointerdown", event => {
    drag = { x: event.offsetX, from, to };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointerup", () => { drag = null; });
  canvas.addEventListener("pointermove", event => {
    if (drag) {
      const by = (drag.x - event.offsetX) / (width - left) * (drag.to - drag.from);
      show(drag.from + by, drag.to + by);
      return;
    }
    const what = event.offsetX > left ? hit(event.offsetX, event.offsetY) : null;
    tip.style.display = what ? "block" : "none";
    if (what) {
      tip.style.whiteSpace = "pre-wrap";
      tip.textContent = what;
      tip.style.left = Math.min(event.offsetX + 14, width - 300) + "px";
      tip.style.top = event.offsetY + 16 + "px";
    }
  });
  canvas.addEventListener("pointerleave", () => { tip.style.display = "none"; });
  canvas.addEventListener("keydown", event => {
    const middle = (from + to) / 2, by = (to - from) / 4;
    const keys = {
      "+": () => zoom(0.5, middle), "=": () => zoom(0.5, middle), "-": () => zoom(2, middle),
      "0": () => show(0, end), ArrowLeft: () => show(from - by, to - by),
      ArrowRight: () => show(from + by, to + by), Home: () => show(0, to - from),
      End: () => show(end - (to - from), end),
    };
    if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });
  for (const [id, act] of [["zoom-in", () => zoom(0.5, (from + to) / 2)],
                           ["zoom-out", () => zoom(2, (from + to) / 2)], ["zoom-all", () => show(0, end)]])
    document.getElementById(id).addEventListener("click", act);
  const legend = document.getElementById("legend");
  for (const category of data.categories) {
    const item = document.createElement("li"), box = document.createElement("span");
    box.style.background = category.color;
    item.append(box, category.name);
    legend.append(item);
  }
  // "#t=0.5,0.75" in the address shows the time from 0.5 to 0.75 s.
  function showAddress() {
    const range = /^#t=([0-9.]+),([0-9.]+)$/.exec(location.hash);
    if (range && range[2] > range[1])
      show(range[1] * 1e9, range[2] * 1e9);
    else
      draw();
  }

  window.addEventListener("resize", draw);
  window.addEventListener("hashchange", showAddress);
  showAddress();
  document.documentElement.dataset.drawn = "yes";
})();
