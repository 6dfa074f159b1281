// What all plots have in common: sizes, axes, grid and cursor.

import { tickText, valueTicks } from "./charts-numbers.js";

export const LEFT = 52; // ticks' labels and the gap
export const BOTTOM = 26;

export function font() {
  const family = getComputedStyle(document.body).fontFamily;
  return `11px ${family}`;
}

export function yAxis(colour, most, text = tickText) {
  return {
    stroke: colour("--axis"),
    font: font(),
    size: LEFT,
    gap: 8,
    ticks: { show: false },
    grid: { stroke: colour("--grid"), width: 1 },
    splits: (u, axis, min, max) => valueTicks(max, most),
    filter: (u, splits) => splits,
    values: (u, splits) => splits.map(text),
  };
}

export function xAxis(colour, { show, splits, values }) {
  return {
    show: true,
    stroke: colour("--axis"),
    font: font(),
    size: show ? BOTTOM : 1,
    gap: 8,
    ticks: { show: false },
    grid: { show: false },
    border: { show: true, stroke: colour("--line-2"), width: 1 },
    splits,
    filter: (u, all) => all,
    values: show ? values : (u, all) => all.map(() => ""),
  };
}

/** A dashed line across the plot at a y value, or up it at an x value. */
export function dashedLine(u, { x, y, colour }) {
  const { ctx, bbox } = u;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.25 * scale;
  ctx.setLineDash([5 * scale, 4 * scale]);
  ctx.beginPath();
  if (y !== undefined) {
    const at = u.valToPos(y, "y", true);
    ctx.moveTo(bbox.left, at);
    ctx.lineTo(bbox.left + bbox.width, at);
  } else {
    const at = u.valToPos(x, "x", true);
    ctx.moveTo(at, bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
  }
  ctx.stroke();
  ctx.restore();
}

/** Lets the arrow keys, Home, End and Escape move the cursor of a plot that has focus. */
export function moveByKeys(box, plot) {
  box.addEventListener("keydown", (event) => {
    const u = plot();
    const xs = u?.data[0] ?? [];
    if (!xs.length) return;
    const at = u.cursor.idx ?? xs.length - 1;
    const page = Math.max(1, Math.round(xs.length / 10));
    const to = {
      ArrowLeft: at - 1, ArrowRight: u.cursor.idx === null ? at : at + 1,
      PageUp: at - page, PageDown: at + page, Home: 0, End: xs.length - 1,
    }[event.key];
    if (event.key === "Escape") u.setCursor({ left: -10, top: -10 });
    if (to === undefined) return;
    event.preventDefault();
    const place = Math.max(0, Math.min(xs.length - 1, to));
    u.setCursor({ left: u.valToPos(xs[place], "x"), top: u.over.clientHeight / 2 });
  });
  box.addEventListener("blur", () => plot()?.setCursor({ left: -10, top: -10 }));
}
