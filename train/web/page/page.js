
// The page around the curves, and the connection to the server. What changed is drawn at most once a frame. All text
// that comes from the run goes through textContent.

function put(id, text) {
  const node = $(id);
  if (node.textContent !== text) node.textContent = text;
}

const ended = () => now != null && !["running", "waiting"].includes(now.state);

function drawHead() {
  const state = ended() ? now.state : connection === "lost" ? "lost" : now ? now.state : "waiting";
  const waiting = connection === "connecting" ? "connecting" : "waiting for a run";
  const text = {lost: "connection lost", waiting}[state] || state;
  $("state").dataset.state = state;
  put("state", text);
  if (!now) return;
  $("error").hidden = !now.error;
  put("error", now.error || "");
  const total = run ? run.epochs * run.steps : 0;
  const part = state === "finished" ? 1 : total > 0 ? Math.min(1, now.global / total) : 0;
  $("progress").hidden = part === 0 && total === 0;
  $("progress").firstElementChild.style.width = 100 * part + "%";
  $("progress").setAttribute("aria-valuenow", Math.floor(100 * part));
  const where = [];
  if (run) {
    if (now.epoch > 0) where.push("epoch " + now.epoch + (run.epochs ? " of " + run.epochs : ""));
    if (now.step > 0) where.push("step " + now.step + (run.steps ? " of " + run.steps : ""));
    where.push(duration(now.elapsed));
    if (state === "running" && total > now.global && now.samples_per_second > 0) {
      where.push("about " + duration((total - now.global) * run.batch_size / now.samples_per_second) + " left");
    }
    if (now.checkpoints > 0) where.push("checkpoint of step " + format(now.checkpointed));
    put("model", run.model || "Training");
  }
  put("where", where.join(" · ") || "\u00a0");
  const lead = state === "running" && total > 0 ? Math.floor(100 * part) + " %" : text;
  document.title = lead + " · " + (run && run.model || "Tutti");
  drawTiles();
}

function drawTiles() {
  const tiles = [["Loss", format(now.loss)]];
  const bad = (tables.steps.not_finite || []).reduce((a, b) => a + b, 0);
  if (bad > 0) tiles.push(["Losses not finite", format(bad)]);
  for (const key of Object.keys(tables.epochs).filter((k) => k.startsWith("test/")).slice(0, 2)) {
    const p = points(key)[1];
    if (p.length) tiles.push(["Test " + key.slice(5), format(p[p.length - 1])]);
  }
  tiles.push(["Samples a second", format(now.samples_per_second)], ["Learning rate", format(now.rate)]);
  const list = $("tiles");
  while (list.children.length > tiles.length) list.lastElementChild.remove();
  tiles.forEach(([name, value], i) => {
    let div = list.children[i];
    if (!div) {
      div = list.appendChild(document.createElement("div"));
      div.append(document.createElement("dt"), document.createElement("dd"));
    }
    if (div.firstElementChild.textContent !== name) div.firstElementChild.textContent = name;
    if (div.lastElementChild.textContent !== value) div.lastElementChild.textContent = value;
  });
}

// Fills a table: head is a list of [text, class], rows a list of lists of texts or nodes; the first heads its row.
function fill(table, head, rows, classes) {
  table.replaceChildren();
  if (head) {
    const tr = table.createTHead().insertRow();
    for (const [text, cls] of head) {
      const th = tr.appendChild(document.createElement("th"));
      th.scope = "col";
      th.textContent = text;
      if (cls) th.className = cls;
    }
  }
  const body = table.createTBody();
  rows.forEach((row, r) => {
    const tr = body.insertRow();
    if (classes && classes[r]) tr.className = classes[r];
    row.forEach((value, i) => {
      const cell = tr.appendChild(document.createElement(i === 0 ? "th" : "td"));
      if (i === 0) cell.scope = "row";
      if (head && head[i][1]) cell.className = head[i][1];
      cell.append(value);
    });
  });
}

function bar(parts) {
  const div = document.createElement("div");
  div.className = "bar";
  div.setAttribute("role", "img");
  div.setAttribute("aria-label", phases.map((p, i) => p + " " + percent(parts[i])).join(", "));
  parts.forEach((v, i) => {
    const span = div.appendChild(document.createElement("span"));
    span.style.width = 100 * (v || 0) + "%";
    span.style.background = "var(--" + phases[i] + ")";
  });
  return div;
}

function drawRanks() {
  $("ranks").hidden = !ranks || ranks.list.length === 0;
  if ($("ranks").hidden) return;
  const kept = ranks.list.length;
  put("rankcount", ranks.total > kept ? "the first " + kept + " of " + ranks.total : String(kept));
  const clock = now.clock + (ended() ? 0 : Date.now() - received);
  const seen = (r) => {
    if (r.error) return "lost: " + r.error;
    if (!r.seen) return "–";
    return clock - r.seen < 2000 ? "just now" : duration((clock - r.seen) / 1000) + " ago";
  };
  const rows = ranks.list.map((r) =>
    [String(r.rank), r.host || "–", format(r.samples_per_second), bar(r.phases), ...r.phases.map(percent), seen(r)]);
  const parts = phases.map((p) => [p]);
  const head = [["rank"], ["host", "text"], ["samples/s"], ["where its time goes", "text"], ...parts, ["last seen"]];
  fill($("ranktable"), head, rows, ranks.list.map((r) => r.error ? "lost" : ""));
}

function drawEpochs() {
  const t = tables.epochs, n = (t.epoch || []).length;
  $("epochs").hidden = n === 0;
  if (n === 0) return;
  put("epochcount", every.epochs > 1 ? "one in " + every.epochs + " and the last" : "");
  const keys = ["train/", "test/"].flatMap((part) => { // the loss first
    const its = Object.keys(t).filter((k) => k.startsWith(part)).sort();
    return [...its.filter((k) => k === part + "loss"), ...its.filter((k) => k !== part + "loss")];
  });
  const head = [["epoch"], ...keys.map((k) => [k.replace("/", " ")]), ["samples/s"], ["time"]];
  const rows = [];
  for (let i = n - 1; i >= 0; i--) {
    const pace = t.elapsed[i] > 0 ? t.samples[i] / t.elapsed[i] : null;
    rows.push([String(t.epoch[i]), ...keys.map((k) => format(t[k][i])), format(pace), duration(t.elapsed[i])]);
  }
  fill($("epochtable"), head, rows);
}

function drawRun() {
  $("settings").hidden = !run;
  if (!run) return;
  const numbers = [["Parameters", run.params], ["Training samples", run.train], ["Test samples", run.test],
    ["Batch", run.batch_size], ["Ranks", run.ranks], ["Partitions", run.partitions]];
  const rows = numbers.filter((r) => r[1]).map((r) => [r[0], format(r[1])]);
  if (run.process) rows.push(["Process", String(run.process)]);
  if (run.started) rows.push(["Started", new Date(run.started).toLocaleString()]);
  if (run.host) rows.push(["Host", run.host]);
  if (run.resumed) rows.push(["Resumed after step", format(run.global)]);
  fill($("settingtable"), null, [...rows, ...run.config.map(([k, v]) => [k, v])]);
}

function drawNotes() {
  $("notes").hidden = notes.length === 0;
  $("notelist").replaceChildren(...notes.slice().reverse().map((n) => {
    const li = document.createElement("li");
    li.textContent = (n.global ? "Step " + format(n.global) + ": " : "") + n.text;
    return li;
  }));
}

// ---- what changed is drawn in the next frame

const drawers = {run: drawRun, charts: drawCharts, ranks: drawRanks, epochs: drawEpochs, notes: drawNotes,
  head: drawHead};
const stale = new Set();
function draw(...names) {
  if (stale.size === 0) {
    requestAnimationFrame(() => {
      const these = Object.keys(drawers).filter((n) => stale.has(n));
      stale.clear();
      for (const name of these) drawers[name]();
    });
  }
  for (const name of names) stale.add(name);
}

function apply(m) {
  received = Date.now();
  draw("head");
  if (m.now) now = m.now;
  if (m.run) { run = m.run; draw("run"); }
  for (const name of Object.keys(tables)) {
    if (!m[name]) continue;
    merge(name, m[name]);
    draw("charts");
    if (name === "epochs") draw("epochs");
  }
  if (m.ranks) { ranks = m.ranks; draw("ranks"); }
  if (m.notes) { notes = m.notes; draw("notes"); }
  if (document.hidden) drawHead(); // a tab in the background has no frames, but a title
}

// ---- connection

let source = null, heard = 0, wait = 1000;
function connect() {
  source = new EventSource("events");
  heard = Date.now();
  const alive = () => {
    heard = Date.now();
    wait = 1000;
    if (connection !== "open") { connection = "open"; draw("head"); }
  };
  source.addEventListener("open", alive);
  source.addEventListener("ping", alive);
  source.addEventListener("update", (e) => { alive(); apply(JSON.parse(e.data)); });
  source.addEventListener("close", () => { source.close(); source = null; connection = "closed"; draw("head"); });
  source.addEventListener("error", lost);
}

// An EventSource tries again by itself only in some cases, so the page always does.
function lost() {
  if (source) source.close();
  source = null;
  connection = "lost";
  draw("head");
  setTimeout(connect, wait);
  wait = Math.min(2 * wait, 30000);
}

setInterval(() => {
  if (source && Date.now() - heard > 40000) lost();
  if (now && ranks) draw("ranks");
}, 5000);

if (location.search) history.replaceState(null, "", location.pathname); // the token stays in the cookie
new ResizeObserver(() => charts.forEach(fit)).observe($("charts"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", rebuild);
connect();
