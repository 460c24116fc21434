
"use strict";
// What the page knows: the tables and the rest of what /events sent, and how numbers are written. The Go package's
// comment describes the messages. The page's scripts are one script: this file, charts.js and page.js.

const $ = (id) => document.getElementById(id);
const phases = ["data", "forward", "backward", "sync", "update"];
const tables = {steps: {}, epochs: {}, evaluations: {}};
const every = {steps: 1, epochs: 1, evaluations: 1};
let run = null, now = null, ranks = null, notes = [];
let connection = "connecting"; // open, lost, closed
let received = 0; // when the last message came, by this clock

// ---- numbers and times

function format(v) {
  if (v == null) return "–";
  const a = Math.abs(v);
  if (a === 0) return "0";
  if (a >= 1e7) return (v / 1e6).toPrecision(4) + " M";
  if (a >= 1e4) return v.toFixed(0).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  if (a < 1e-4) return v.toExponential(2).replace("e-", "e−");
  return String(+v.toPrecision(4));
}

function duration(s) {
  if (s == null || !isFinite(s)) return "–";
  s = Math.round(s);
  if (s < 60) return s + " s";
  if (s < 3600) return Math.floor(s / 60) + " min " + (s % 60) + " s";
  return Math.floor(s / 3600) + " h " + Math.floor(s % 3600 / 60) + " min";
}

const percent = (v) => v == null ? "–" : (100 * v).toFixed(v < 0.0995 ? 1 : 0) + " %";
// ---- tables

function merge(name, piece) {
  const table = tables[name];
  every[name] = piece.every;
  for (const key of Object.keys(table)) {
    if (piece.from === 0 && !(key in piece.columns)) delete table[key];
    else table[key].length = Math.min(table[key].length, piece.from);
  }
  for (const [key, values] of Object.entries(piece.columns)) {
    const column = table[key] || (table[key] = []);
    while (column.length < piece.from) column.push(null);
    for (const v of values) column.push(v);
  }
}

const last = (column) => {
  for (let i = (column || []).length - 1; i >= 0; i--) if (column[i] != null) return column[i];
  return null;
};

// Points of a column of the epochs and, if it is there too, the evaluations, by step.
function points(key) {
  const at = new Map();
  for (const t of [tables.evaluations, tables.epochs]) {
    (t[key] || []).forEach((v, i) => { if (v != null) at.set(t.global[i], v); });
  }
  const steps = [...at.keys()].sort((a, b) => a - b);
  return [steps, steps.map((s) => at.get(s))];
}
