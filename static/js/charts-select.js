// Selecting a stretch by dragging over a plot with a time axis, and shading what is not selected.

const LEAST = 5; // px: below that it was a click

/** What uPlot needs for it. `group.select(from, to)` is told the selection in seconds. */
export function selection(group) {
  return {
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    drag: { setScale: false, x: true, y: false },
    ready: (u) => u.over.addEventListener("mousedown", () => { group.draggedOver = u; }),
    setSelect: (u) => {
      if (group.draggedOver !== u || u.select.width === 0) return; // the others' selections follow this one
      const { left, width } = u.select;
      group.draggedOver = null;
      if (width >= LEAST) group.select?.(Math.max(0, u.posToVal(left, "x")), u.posToVal(left + width, "x"));
    },
  };
}

/** Takes away what dragging has drawn. */
export function clearSelection(u) {
  if (u?.select.width) u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

/** Covers all but `group.stretch` with the ground's colour and marks its ends. */
export function shadeAround(u, group, colour) {
  if (!group.stretch) return;
  const { ctx, bbox } = u;
  const right = bbox.left + bbox.width;
  const [from, to] = group.stretch.map((at) => Math.min(right, Math.max(bbox.left, u.valToPos(at, "x", true))));
  ctx.save();
  ctx.fillStyle = colour("--surface");
  ctx.globalAlpha = 0.72;
  ctx.fillRect(bbox.left, bbox.top, from - bbox.left, bbox.height);
  ctx.fillRect(to, bbox.top, right - to, bbox.height);
  ctx.globalAlpha = 1;
  ctx.fillStyle = colour("--accent");
  for (const at of [from, to]) ctx.fillRect(at - devicePixelRatio / 2, bbox.top, devicePixelRatio, bbox.height);
  ctx.restore();
}
