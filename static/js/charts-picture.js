// A chart as a picture to keep: its plots, and around them every word and key that the page shows in the figure.

const MARGIN = 16;
const SCALE = 2; // dots for each px, so that it stays sharp in a document
const DASHES = { planned: [3, 2], dash: [5, 3], dot: [2, 3], dashdot: [9, 3, 3, 3], long: [12, 3] };
const LEFT_OUT = ".tools, .menu, .btn, .icon, .tooltip, .chart-table, .chart-hint[hidden], [hidden], .u-cursor-x, .u-cursor-y, script";

/** Draws the figure and offers it as a PNG file. */
export async function savePicture(figure, name) {
  const canvas = picture(figure);
  const blob = await new Promise((done) => { canvas.toBlob(done, "image/png"); });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export function picture(figure) {
  const frame = figure.getBoundingClientRect();
  const canvas = document.createElement("canvas");
  canvas.width = (frame.width + 2 * MARGIN) * SCALE;
  canvas.height = (frame.height + 2 * MARGIN) * SCALE;
  const ctx = canvas.getContext("2d");
  ctx.scale(SCALE, SCALE);
  ctx.fillStyle = getComputedStyle(figure.closest(".card")).backgroundColor;
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.translate(MARGIN - frame.left, MARGIN - frame.top);
  for (const plot of figure.querySelectorAll("canvas")) drawPlot(ctx, plot);
  for (const line of figure.querySelectorAll("svg[viewBox] :is(path, polyline)")) drawLine(ctx, line);
  const walker = document.createTreeWalker(figure, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, (node) =>
    node.nodeType === Node.ELEMENT_NODE && node.matches(LEFT_OUT) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) drawText(ctx, node);
    else drawKey(ctx, node);
  }
  return canvas;
}

function drawPlot(ctx, plot) {
  const { left, top, width, height } = plot.getBoundingClientRect();
  ctx.drawImage(plot, left, top, width, height);
}

/** A line of an SVG that is stretched into its place: the shape is, its width is not. */
function drawLine(ctx, line) {
  const svg = line.ownerSVGElement;
  const style = getComputedStyle(line);
  if (svg.matches(".icon") || style.stroke === "none") return;
  const { left, top, width, height } = svg.getBoundingClientRect();
  const { width: wide, height: high } = svg.viewBox.baseVal;
  const path = new Path2D();
  const drawn = line.getAttribute("d") ?? `M${line.getAttribute("points")}`;
  path.addPath(new Path2D(drawn), new DOMMatrix([width / wide, 0, 0, height / high, left, top]));
  ctx.strokeStyle = style.stroke;
  ctx.lineWidth = parseFloat(style.strokeWidth);
  ctx.setLineDash(style.strokeDasharray === "none" ? [] : style.strokeDasharray.split(",").map(parseFloat));
  ctx.stroke(path);
  ctx.setLineDash([]);
}

function drawText(ctx, node) {
  const text = node.textContent.replace(/\s+/g, " ");
  const range = document.createRange();
  range.selectNodeContents(node);
  const boxes = range.getClientRects();
  if (!text.trim() || !boxes.length) return;
  const style = getComputedStyle(node.parentElement);
  if (style.visibility === "hidden") return;
  ctx.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  ctx.fillStyle = style.color;
  ctx.textBaseline = "middle";
  for (const [place, line] of lines(node, boxes.length).entries()) {
    const { left, top, height } = boxes[place];
    ctx.fillText(line, left, top + height / 2);
  }
}

/** The text of each line that the browser has broken the node into. */
function lines(node, number) {
  const text = node.textContent;
  if (number === 1) return [text.trim().replace(/\s+/g, " ")];
  const range = document.createRange();
  const found = [];
  let last;
  for (let i = 0; i < text.length; i += 1) {
    range.setStart(node, i);
    range.setEnd(node, i + 1);
    const box = range.getClientRects()[0];
    if (!box) continue;
    if (last === undefined || box.top > last + 2) found.push("");
    found[found.length - 1] += text[i];
    last = box.top;
  }
  return found.slice(0, number);
}

/** The little lines and squares of legends, those of the labels at the lines' ends, and grounds of labels. */
function drawKey(ctx, element) {
  const { left, top, width, height } = element.getBoundingClientRect();
  if (!width) return;
  const style = getComputedStyle(element);
  if (element.matches(".lab.strong, .heat-key b, .key.sq, .key.disc, .letter")) {
    ctx.fillStyle = style.backgroundColor;
    ctx.fillRect(left, top, width, height);
  } else if (element.matches(".key")) {
    const dash = Object.keys(DASHES).find((name) => element.classList.contains(name));
    const border = parseFloat(style.borderTopWidth);
    ctx.strokeStyle = border ? style.borderTopColor : style.getPropertyValue("--k");
    ctx.lineWidth = border || 2;
    ctx.setLineDash(DASHES[dash] ?? []);
    ctx.beginPath();
    ctx.moveTo(left, top + height / 2);
    ctx.lineTo(left + width, top + height / 2);
    ctx.stroke();
    ctx.setLineDash([]);
  } else if (element.matches(".ends span")) {
    const before = getComputedStyle(element, "::before");
    if (before.content === "none") return;
    const thick = parseFloat(before.height);
    ctx.fillStyle = before.backgroundColor;
    ctx.fillRect(left, top + (height - thick) / 2, parseFloat(before.width), thick);
  }
}
