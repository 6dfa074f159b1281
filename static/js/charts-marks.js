// What was changed by hand, as dashed lines up the plot with words, and the planned load as a faint line.

import { dashedLine, font } from "./charts-axes.js";

const WORD_GAP = 8; // px between two words in a line
const LINE = 13;
const LINES = 3;

/** marks: [[seconds, words]] in order of time. Words that find no room stay away; their lines are drawn. */
export function drawMarks(u, marks, colour, ground, withWords) {
  const { ctx, bbox } = u;
  const scale = devicePixelRatio;
  const free = new Array(LINES).fill(-Infinity); // where the words of each line end
  ctx.save();
  ctx.font = font().replace("11px", `${11 * scale}px`);
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  for (const [at] of marks) {
    const x = u.valToPos(at, "x", true);
    if (x >= bbox.left && x <= bbox.left + bbox.width) dashedLine(u, { x: at, colour });
  }
  for (const [at, words] of marks) {
    const x = u.valToPos(at, "x", true);
    if (!withWords || x < bbox.left || x > bbox.left + bbox.width) continue;
    const width = ctx.measureText(words).width;
    const left = x + (4 * scale) + width > bbox.left + bbox.width ? x - (4 * scale) - width : x + 4 * scale;
    const line = free.findIndex((end) => end + WORD_GAP * scale <= left);
    if (line < 0) continue;
    free[line] = left + width;
    const top = bbox.top + (2 + line * LINE) * scale;
    ctx.fillStyle = ground;
    ctx.fillRect(left - 2 * scale, top, width + 4 * scale, LINE * scale);
    ctx.fillStyle = colour;
    ctx.fillText(words, left, top + scale);
  }
  ctx.restore();
}

/** points: [[seconds, value]], the corners of the line. */
export function drawPlan(u, points, colour) {
  if (points.length < 2) return;
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.beginPath();
  for (const [at, value] of points) ctx.lineTo(u.valToPos(at, "x", true), u.valToPos(value, "y", true));
  ctx.strokeStyle = colour;
  ctx.globalAlpha = 0.7;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.stroke();
  ctx.restore();
}
