// One figure of every run over the time since its own start.

import { xAxis, yAxis } from "./charts-axes.js";
import { milliseconds, roundUp, significant, timeEnd, timeTicks, timer } from "./charts-numbers.js";
import { ComparePlot } from "./compare-plot.js";

export const COLUMNS = ["t_s", "throughput", "p50", "p95"];

export const figure = (column, value) => (column === "throughput" ? significant(value) : milliseconds(value));

export class OverTimePlot extends ComparePlot {
  constructor(box, column, runs) {
    super(box, runs);
    this.column = column;
    this.at = COLUMNS.indexOf(column);
  }

  data() {
    const known = this.runs.filter(({ rows }) => rows.length);
    if (!known.length) return [[], ...this.runs.map(() => [])];
    const tables = this.runs.map(({ rows }) => (rows.length ? [rows.map(([t]) => t), rows.map((row) => row[this.at])] : [[0], [null]]));
    const joined = uPlot.join(tables);
    const all = joined.slice(1).flat().filter((value) => value > 0);
    const empty = all.length === 0;
    this.end = timeEnd(Math.max(...joined[0]), null);
    if (this.end > Math.max(...joined[0]) * 1.2) this.end = Math.ceil(Math.max(...joined[0]));
    this.top = empty ? 10 : roundUp(Math.max(...all) * 1.02, 5);
    return empty ? [[], ...this.runs.map(() => [])] : joined;
  }

  options(colour) {
    return {
      scales: { x: { time: false, range: () => [0, this.end ?? 10] }, y: { range: () => [0, this.top ?? 10] } },
      axes: [
        xAxis(colour, {
          show: true,
          splits: () => timeTicks(this.end ?? 10, this.few ? 4 : 7),
          values: (u, all) => all.map((at) => timer(at, (this.end ?? 10) < 3)),
        }),
        yAxis(colour, 5),
      ],
    };
  }

  told(idx) {
    const at = this.u.data[0][idx];
    const values = this.runs.map(({ letter, rows }) => {
      const row = rows.find(([t]) => t >= at - 1e-9);
      return [letter, figure(this.column, row?.[this.at])];
    });
    return [timer(at, this.end <= 30), values];
  }
}
