// A chart as a picture to keep: its plots, and around them every word and key that the page shows in the figure.

const MARGIN = 16;
const SCALE = 2; // dots for each px, so that it stays sharp in a document
const LEFT_OUT = ".tools, .menu, .tooltip, .chart-table, .chart-hint[hidden], [hidden], .u-cursor-x, .u-cursor-y, script";

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
  if (element.matches(".lab.strong, .heat-key b, .key.sq, .key.disc")) {
    ctx.fillStyle = style.backgroundColor;
    ctx.fillRect(left, top, width, height);
  } else if (element.matches(".key")) {
    ctx.fillStyle = style.borderTopColor;
    ctx.fillRect(left, top, width, Math.max(1, parseFloat(style.borderTopWidth)));
  } else if (element.matches(".ends span")) {
    const before = getComputedStyle(element, "::before");
    if (before.content === "none") return;
    const thick = parseFloat(before.height);
    ctx.fillStyle = before.backgroundColor;
    ctx.fillRect(left, top + (height - thick) / 2, parseFloat(before.width), thick);
  }
}
