// The knee of a sweep and what is drawn around it: the shaded part past it, lines of models, and labels.

/** Points in the units of both scales as one line, within the plot. */
export function drawLine(u, points, { colour, width, dash }) {
  if (points.length < 2) return;
  const { ctx, bbox } = u;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.beginPath();
  for (const [x, y] of points) ctx.lineTo(u.valToPos(x, "x", true), u.valToPos(y, "y", true));
  ctx.strokeStyle = colour;
  ctx.lineWidth = width * scale;
  ctx.lineJoin = "round";
  ctx.setLineDash(dash.map((length) => length * scale));
  ctx.stroke();
  ctx.restore();
}

/** A faint ground past `x` and a dashed line up it. */
export function shadePast(u, x, colour) {
  const { ctx, bbox } = u;
  const left = u.valToPos(x, "x", true);
  if (left < bbox.left || left > bbox.left + bbox.width) return;
  ctx.save();
  ctx.fillStyle = colour;
  ctx.globalAlpha = 0.08;
  ctx.fillRect(left, bbox.top, bbox.left + bbox.width - left, bbox.height);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(left, bbox.top);
  ctx.lineTo(left, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

/** The labels over one plot; their words stand in the page. */
export class Marker {
  constructor(box, figure) {
    this.box = box;
    this.figure = figure;
  }

  /** Puts the label `name` at x, and at the value y or at the share `at` of the height from the top; hides it
   *  where `wanted` is nothing. It stands right of x, or left of it where there is no room. */
  show(u, name, wanted, { x, y, at, text, inset = 6, above = false }) {
    const label = this.figure.querySelector(`[data-lab="${name}"]`);
    label.hidden = !wanted;
    if (label.hidden) return;
    const number = label.querySelector("[data-number]");
    if (number && text !== undefined) number.textContent = text;
    const { offsetLeft, offsetTop, clientWidth, clientHeight } = u.over;
    const place = u.valToPos(x, "x");
    const left = place + inset + label.offsetWidth > clientWidth ? place - inset - label.offsetWidth : place + inset;
    const middle = y === undefined ? at * clientHeight : u.valToPos(y, "y") - 14;
    const top = Math.max(0, Math.min(clientHeight - label.offsetHeight, middle - (above ? 4 : 0) - label.offsetHeight / 2));
    label.style.left = `${offsetLeft + Math.max(0, left)}px`;
    label.style.top = `${this.box.offsetTop + offsetTop + top}px`;
  }
}
