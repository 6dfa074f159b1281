// How many requests took how long, over the whole test, on a logarithmic axis.

import { LEFT, dashedLine, moveByKeys, xAxis, yAxis } from "./charts-axes.js";
import { count, latencyTick, logTicks, milliseconds, outward, roundUp } from "./charts-numbers.js";
import { colours } from "./charts-theme.js";

export class HistogramPlot {
  constructor(box, group) {
    Object.assign(this, { box, group, top: 0, low: Infinity, high: 0, bins: [], u: null });
    this.tip = box.closest("figure").querySelector('[data-tip="histogram"]');
    moveByKeys(box, () => this.u);
  }

  build(bins) {
    this.u?.destroy();
    this.u = new uPlot(this.options(), this.data(bins), this.box);
  }

  draw(bins) {
    this.u.setData(this.data(bins));
  }

  resize() {
    this.u?.setSize({ width: this.box.clientWidth, height: this.box.clientHeight });
  }

  data(bins) {
    this.bins = bins;
    const highest = Math.max(0, ...bins.map(([, , successes, failures]) => successes + failures));
    const top = highest ? roundUp(highest * 1.02, 4) : 10;
    this.top = this.group.live ? Math.max(this.top, top) : top;
    const low = bins.length ? bins[0][0] : 1;
    const high = bins.length ? bins[bins.length - 1][1] : 1000;
    const keep = this.group.live && bins.length > 0;
    this.low = outward(keep ? Math.min(this.low, low) : low, Math.floor);
    this.high = Math.max(outward(keep ? Math.max(this.high, high) : high, Math.ceil), this.low * 10);
    const middles = bins.map(([from, to]) => Math.sqrt(from * to));
    return [middles, bins.map(([, , successes, failures]) => successes + failures)];
  }

  options() {
    const colour = colours();
    const few = this.box.clientWidth < 480;
    return {
      width: this.box.clientWidth,
      height: this.box.clientHeight,
      padding: [7, 18, 0, 0],
      legend: { show: false },
      select: { show: false },
      scales: {
        x: { time: false, distr: 3, range: () => [this.low, this.high] },
        y: { range: () => [0, this.top] },
      },
      axes: [
        xAxis(colour, {
          show: true,
          splits: () => logTicks(this.low, this.high, few ? 5 : 9),
          values: (u, all) => all.map(latencyTick),
        }),
        yAxis(colour, 4),
      ],
      series: [{}, { scale: "y", stroke: "transparent", width: 0, points: { show: false }, paths: () => null }],
      cursor: { y: false, drag: { setScale: false, x: false, y: false }, points: { show: false } },
      hooks: {
        draw: [(u) => this.drawBars(u, colour)],
        setCursor: [(u) => this.showTip(u)],
      },
    };
  }

  drawBars(u, colour) {
    const { ctx, bbox } = u;
    const base = bbox.top + bbox.height;
    ctx.save();
    for (const [from, to, successes, failures] of this.bins) {
      const left = u.valToPos(from, "x", true);
      const width = Math.max(1, u.valToPos(to, "x", true) - left - devicePixelRatio);
      const middle = u.valToPos(successes, "y", true);
      const top = u.valToPos(successes + failures, "y", true);
      ctx.fillStyle = colour("--c-rate");
      if (successes) ctx.fillRect(left, Math.min(middle, base - 1), width, Math.max(1, base - middle));
      ctx.fillStyle = colour("--c-5xx");
      if (failures) ctx.fillRect(left, Math.min(top, middle - 1), width, Math.max(1, middle - top));
    }
    ctx.restore();
  }

  showTip(u) {
    const { idx, left } = u.cursor;
    const own = this.box.matches(":hover") || document.activeElement === this.box;
    this.tip.hidden = idx === null || idx === undefined || left < 0 || !own || !this.bins[idx];
    if (this.tip.hidden) return;
    const [from, to, successes, failures] = this.bins[idx];
    this.tip.querySelector(".t").textContent = `${milliseconds(from)} – ${milliseconds(to)}`;
    this.tip.querySelector('[data-value="successes"]').textContent = count(successes);
    this.tip.querySelector('[data-value="failures"]').textContent = count(failures);
    const room = this.box.clientWidth - this.tip.offsetWidth;
    const beside = LEFT + left + 14;
    this.tip.style.left = `${beside > room ? Math.max(0, LEFT + left - this.tip.offsetWidth - 14) : beside}px`;
    this.tip.style.top = `${this.box.offsetTop - 4}px`;
  }
}
