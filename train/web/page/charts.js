
// The curves: what there is to draw, and the charts that draw it, each on a card.

const charts = new Map(); // by key
const height = 220;
let logarithmic = false;
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

// All charts span the same steps: joined to each is a table of the first and the last step alone.
function extent() {
  const ends = [tables.steps, tables.epochs, tables.evaluations].flatMap((t) => {
    const g = t.global || [];
    return g.length ? [g[0], g[g.length - 1]] : [];
  });
  const lo = Math.min(...ends), hi = Math.max(...ends);
  return [lo < hi ? [lo, hi] : [lo]];
}

const join = (...lists) => uPlot.join([extent(), ...lists]);

// What there is to draw: [{key, title, series, data, …}], by what has come.
function wanted() {
  const t = tables.steps, out = [];
  if (!last(t.global) && !last(tables.epochs.global) && !last(tables.evaluations.global)) return out;
  const steps = t.global || [];
  const test = points("test/loss");
  if (last(t.loss) != null || test[0].length) {
    const series = [
      {label: "train", stroke: "train", width: 1.6},
      {label: "least", stroke: null, class: "unlisted"},
      {label: "greatest", stroke: null, class: "unlisted"},
    ];
    const data = [[steps, t.loss, t.loss_min, t.loss_max]];
    if (test[0].length) {
      series.push({label: "test", stroke: "test", width: 2});
      data.push(test);
    }
    const bands = [{series: [3, 2], fill: "band"}];
    out.push({key: "loss", title: "Loss", log: true, series, bands, data: join(...data)});
  }
  const names = new Set();
  for (const key of [...Object.keys(tables.epochs), ...Object.keys(tables.evaluations)]) {
    const cut = key.indexOf("/");
    if (cut > 0 && key.slice(cut + 1) !== "loss") names.add(key.slice(cut + 1));
  }
  for (const name of names) {
    const series = [], data = [];
    for (const part of ["train", "test"]) {
      const p = points(part + "/" + name);
      if (!p[0].length) continue;
      series.push({label: part, stroke: part, width: 2});
      data.push(p);
    }
    if (data.length) out.push({key: "metric/" + name, title: name, series, data: join(...data)});
  }
  const single = (key, title, label, zero) => {
    if (last(t[key]) == null) return;
    out.push({key, title, zero, series: [{label, stroke: "other", width: 1.6}], data: join([steps, t[key]])});
  };
  for (const key of Object.keys(t)) {
    if (key.startsWith("value/")) single(key, key.slice(6), key.slice(6), false);
  }
  single("samples_per_second", "Samples a second", "samples/s", true);
  single("rate", "Learning rate", "rate", true);
  if (phases.some((p) => (t["phase/" + p] || []).some((v) => v > 0))) {
    let sum = steps.map(() => 0);
    const sums = phases.map((p) => (sum = sum.map((s, i) => s + (t["phase/" + p][i] || 0))));
    out.push({key: "phases", title: "Time of a step in ms", zero: true, stack: true,
      series: phases.map((p, i) => ({label: p, stroke: p, width: 1, fill: i === 0 ? p : undefined})),
      bands: phases.slice(1).map((p, i) => ({series: [i + 2, i + 1], fill: p})), data: join([steps, ...sums])});
  }
  return out;
}

// The value to show in a legend: at the cursor, else the last; where there is none, the one before.
function shown(u, si, di, stack) {
  const value = (k, i) => u.data[k][i];
  for (let i = di == null ? u.data[0].length - 1 : di; i >= 0; i--) {
    const v = value(si, i);
    if (v != null) return format(stack && si > 1 ? v - value(si - 1, i) : v);
  }
  return "–";
}

function build(spec) {
  const card = document.createElement("div");
  card.className = "chart" + (spec.stack ? " stack" : "");
  card.tabIndex = 0;
  card.setAttribute("role", "group");
  card.setAttribute("aria-label", spec.title + ": curve over steps");
  const head = card.appendChild(document.createElement("div"));
  head.className = "head";
  head.appendChild(document.createElement("h2")).textContent = spec.title;
  if (spec.log) {
    const button = head.appendChild(document.createElement("button"));
    button.textContent = "log";
    button.setAttribute("aria-label", "Logarithmic axis");
    button.setAttribute("aria-pressed", String(logarithmic));
    button.addEventListener("click", () => {
      logarithmic = !logarithmic;
      rebuild();
      charts.get(spec.key).card.querySelector("button").focus();
    });
  }
  const chart = {card, u: null, zoomed: false, shape: shape(spec)};
  const grid = {stroke: color("line"), width: 1};
  const axis = {stroke: color("quiet"), grid, ticks: {show: false}, font: "12px system-ui, sans-serif"};
  const log = spec.log && logarithmic;
  const options = {
    width: 300, height,
    cursor: {sync: {key: "steps"}, points: {size: 6}, focus: {prox: -1}},
    scales: {
      x: {time: false},
      y: {distr: log ? 3 : 1, range: log ? undefined : (u, lo, hi) => {
        if (lo == null) return [0, 1];
        const pad = (hi - lo || Math.abs(hi) || 1) * 0.06;
        return [spec.zero ? 0 : lo - pad, hi + pad];
      }},
    },
    axes: [
      {...axis, space: 70, size: 30, values: (u, ticks) => ticks.map((v) => Number.isInteger(v) ? format(v) : "")},
      {...axis, size: 64, values: (u, ticks) => ticks.map((v) => v == null ? "" : format(v))},
    ],
    bands: (spec.bands || []).map((b) => ({...b, fill: color(b.fill)})),
    series: [
      {label: "step", value: (u, v, si, di) => format(di == null ? last(u.data[0]) : u.data[0][di])},
      ...spec.series.map((s, i) => ({
        ...s,
        stroke: s.stroke ? color(s.stroke) : undefined,
        fill: s.fill ? color(s.fill) : undefined,
        points: s.stroke && !spec.stack ? {} : {show: false},
        value: (u, v, si, di) => shown(u, i + 1, di, spec.stack),
      })),
    ],
    hooks: {setSelect: [(u) => { if (u.select.width > 0) chart.zoomed = true; }]},
  };
  chart.u = new uPlot(options, spec.data, card);
  const reset = () => { // also where the zoom came from another chart
    for (const c of charts.values()) {
      c.zoomed = false;
      c.u.setData(c.u.data, true);
    }
  };
  chart.u.over.addEventListener("dblclick", reset);
  card.addEventListener("keydown", (e) => {
    if (e.target !== card) return;
    const xs = chart.u.data[0], at = chart.u.cursor.idx;
    const move = {ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20, Home: -xs.length, End: xs.length}[e.key];
    if (e.key === "Escape") {
      chart.u.setCursor({left: -10, top: -10});
      reset();
    } else if (move) {
      e.preventDefault();
      const i = Math.max(0, Math.min(xs.length - 1, (at == null ? xs.length - 1 : at) + move));
      chart.u.setCursor({left: chart.u.valToPos(xs[i], "x"), top: 20});
    }
  });
  for (const row of card.querySelectorAll(".u-legend .u-series")) {
    const th = row.querySelector("th");
    if (spec.stack || row.matches(":first-child")) continue;
    th.tabIndex = 0;
    th.setAttribute("role", "button");
    th.setAttribute("aria-label", "Show or hide " + row.querySelector(".u-label").textContent);
    th.addEventListener("keydown", (e) => {
      if (e.key === "Enter" || e.key === " ") {
        e.preventDefault();
        th.click();
      }
    });
  }
  if (spec.stack) {
    // A stack has no parts to hide.
    card.querySelector(".u-legend").addEventListener("click", (e) => e.stopPropagation(), true);
  }
  return chart;
}

const shape = (spec) => spec.series.map((s) => s.label).join("\n");

function fit(chart) {
  const style = getComputedStyle(chart.card);
  const width = Math.floor(chart.card.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
  if (width > 0 && width !== chart.u.width) chart.u.setSize({width, height});
}

function drawCharts() {
  const specs = wanted(), keys = new Set(specs.map((s) => s.key));
  for (const [key, c] of charts) {
    if (keys.has(key)) continue;
    c.u.destroy();
    c.card.remove();
    charts.delete(key);
  }
  let before = null;
  for (const spec of specs) {
    let c = charts.get(spec.key);
    if (c && c.shape !== shape(spec)) {
      c.u.destroy();
      c.card.remove();
      c = null;
    }
    if (!c) {
      c = build(spec);
      charts.set(spec.key, c);
      if (before) before.after(c.card); else $("charts").prepend(c.card);
      fit(c);
    } else if (c.zoomed) {
      c.u.setData(spec.data, false);
      c.u.redraw();
    } else {
      c.u.setData(spec.data, true);
    }
    before = c.card;
  }
}

function rebuild() {
  for (const c of charts.values()) {
    c.u.destroy();
    c.card.remove();
  }
  charts.clear();
  drawCharts();
}
