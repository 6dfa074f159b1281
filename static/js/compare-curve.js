// Latency by percentile: the x axis counts nines, so that the tail has room; y is logarithmic.

import { xAxis, yAxis } from "./charts-axes.js";
import { logTicks, milliseconds, outward, tickText } from "./charts-numbers.js";
import { ComparePlot } from "./compare-plot.js";

const TICKS = [[0, "min"], [50, "p50"], [90, "p90"], [95, "p95"], [99, "p99"], [99.9, "p99.9"], [99.99, "p99.99"], [99.999, "p99.999"]];
const MINOR = new Set([0, 95, 99.9]);
const nines = (percentile) => -Math.log10(1 - Math.min(percentile, 99.9999) / 100);

/** "p99.9"; between the named ones with as many digits as tell it apart. */
function named(x) {
  const tick = TICKS.find(([percentile]) => Math.abs(nines(percentile) - x) < 0.012);
  return tick ? tick[1] : `p${Number((100 * (1 - 10 ** -x)).toFixed(Math.max(1, Math.floor(x))))}`;
}

export class CurvePlot extends ComparePlot {
  data() {
    const points = this.runs.map(({ curve }) => [curve.map(([p]) => nines(p)), curve.map(([, ms]) => Math.max(ms, 0.001))]);
    const joined = points.some(([x]) => x.length) ? uPlot.join(points.map(([x, y]) => (x.length ? [x, y] : [[0], [null]]))) : [[], ...points.map(() => [])];
    const all = joined.slice(1).flat().filter((value) => value > 0);
    this.x = [0, Math.max(1, ...joined[0])];
    this.y = all.length ? [Math.min(...all) * 0.95, Math.max(...all) * 1.08] : [1, 1000];
    if (this.y[1] < this.y[0] * 2) this.y = [outward(this.y[0], Math.floor), outward(this.y[1], Math.ceil)];
    return joined;
  }

  options(colour) {
    const ticks = TICKS.filter(([p]) => nines(p) <= this.x[1] + 0.01 && !(this.few && MINOR.has(p)));
    const x = xAxis(colour, {
      show: true,
      splits: () => ticks.map(([p]) => nines(p)),
      values: () => ticks.map(([, words]) => words),
    });
    Object.assign(x, { grid: { show: true, stroke: colour("--grid"), width: 1 } });
    const y = yAxis(colour, 6);
    Object.assign(y, { splits: () => logTicks(...this.y, 8), values: (u, all) => all.map(tickText) });
    return {
      scales: { x: { time: false, range: () => this.x }, y: { distr: 3, range: () => this.y } },
      axes: [x, y],
    };
  }

  told(idx) {
    const x = this.u.data[0][idx];
    const at = (curve) => curve.find(([percentile]) => nines(percentile) >= x - 1e-6)?.[1];
    return [named(x), this.runs.map(({ letter, curve }) => [letter, milliseconds(at(curve))])];
  }
}
