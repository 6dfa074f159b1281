// What the steps of a sweep measured by the number of users, and what its diagnosis says of them: throughput on
// even axes, latency on logarithmic ones.

import { LEFT, moveByKeys, xAxis, yAxis } from "./charts-axes.js";
import {
  count, latencyTick, logTicks, milliseconds, outward, percent, pushApart, roundUp, significant, tickText, valueTicks,
  withUnit,
} from "./charts-numbers.js";
import { Marker, drawLine, shadePast } from "./charts-knee.js";
import { colours } from "./charts-theme.js";

const COLUMNS = ["users", "throughput", "success", "p50", "p95", "p99"];
const END_GAP = 15;
const wide = () => (matchMedia("(max-width: 720px)").matches ? 76 : 84);
const SPECS = [
  { name: "sweep-throughput", series: [{ column: "throughput", colour: "--c-rate" }], right: () => 18 },
  {
    name: "sweep-latency", log: true, right: wide,
    series: [
      { column: "p99", colour: "--p99" }, { column: "p95", colour: "--p95" }, { column: "p50", colour: "--p50" },
    ],
  },
];

/** Both charts of a sweep; steps are [users, throughput, success, p50, p95, p99] by rising users. */
export class SweepCharts {
  constructor(group) {
    this.root = document.getElementById("sweep-charts");
    this.plots = SPECS.map((spec) => new StepPlot(this.root.querySelector(`[data-plot="${spec.name}"]`), spec, group));
  }

  take(steps, diagnosis) {
    this.steps = steps;
    for (const plot of this.plots) plot.diagnosis = diagnosis;
    this.root.classList.toggle("empty-charts", steps.length === 0);
  }

  build() {
    for (const plot of this.plots) plot.build(this.steps);
  }

  draw() {
    for (const plot of this.plots) plot.draw(this.steps);
  }

  resize() {
    for (const plot of this.plots) plot.resize();
  }
}

class StepPlot {
  constructor(box, spec, group) {
    Object.assign(this, { box, spec, group, u: null, diagnosis: null, steps: [] });
    this.x = spec.log ? [0.9, 10] : [0, 10];
    this.y = spec.log ? [1, 10] : [0, 10];
    const figure = box.closest("figure");
    this.ends = figure.querySelector(`[data-ends="${spec.name}"]`);
    this.tip = figure.querySelector(`[data-tip="${spec.name}"]`);
    this.marker = new Marker(box, figure);
    moveByKeys(box, () => this.u);
  }

  build(steps) {
    this.u?.destroy();
    this.u = new uPlot(this.options(), this.data(steps), this.box);
    this.label();
  }

  draw(steps) {
    this.u.setData(this.data(steps));
    this.label();
  }

  resize() {
    this.u?.setSize({ width: this.box.clientWidth, height: this.box.clientHeight });
    this.label();
  }

  column(name) {
    return this.steps.map((step) => step[COLUMNS.indexOf(name)]);
  }

  data(steps) {
    this.steps = steps;
    const users = this.column("users");
    const values = this.spec.series.map(({ column }) => this.column(column));
    if (users.length) this.x = this.userRange(users);
    const all = values.flat().filter((value) => value > 0);
    if (all.length) this.y = this.range(Math.min(...all), Math.max(...all));
    return [users, ...values];
  }

  userRange(users) {
    const last = Math.max(users[users.length - 1], users[0] * 2);
    return this.spec.log ? [users[0] * 0.9, last * 1.1] : [0, last * 1.03];
  }

  range(low, high) {
    if (!this.spec.log) return [0, roundUp(high * 1.12, 5)];
    const bottom = outward(low * 0.95, Math.floor);
    return [bottom, Math.max(outward(high * 1.05, Math.ceil), bottom * 2)];
  }

  options() {
    const colour = colours();
    const few = this.box.clientWidth < 480;
    const y = yAxis(colour, 5);
    if (this.spec.log) {
      Object.assign(y, { splits: () => logTicks(...this.y, 7), values: (u, all) => all.map(latencyTick) });
    }
    const ticks = () => (this.spec.log ? userTicks(...this.x, few ? 5 : 9) : valueTicks(this.x[1], few ? 5 : 9));
    return {
      width: this.box.clientWidth,
      height: this.box.clientHeight,
      padding: [7, this.spec.right(), 0, 0],
      legend: { show: false },
      select: { show: false },
      scales: {
        x: { time: false, distr: this.spec.log ? 3 : 1, range: () => this.x },
        y: { distr: this.spec.log ? 3 : 1, range: () => this.y },
      },
      axes: [xAxis(colour, { show: true, splits: ticks, values: (u, all) => all.map(tickText) }), y],
      series: [{}, ...this.spec.series.map(({ column, colour: name }) => ({
        label: column, scale: "y", stroke: colour(name), width: this.spec.log ? 1.75 : 0,
        points: { show: true, size: 9, width: 1.5, fill: colour(name), stroke: colour("--surface") },
      }))],
      cursor: { y: false, drag: { setScale: false, x: false, y: false }, points: { show: false } },
      hooks: { drawClear: [(u) => this.drawBehind(u, colour)], setCursor: [(u) => this.showTip(u)] },
    };
  }

  /** What is no measured value lies behind those that are. */
  drawBehind(u, colour) {
    const { knee, top, light_ms: light, fits } = this.diagnosis ?? { fits: [] };
    if (knee) shadePast(u, knee, colour("--text-3"));
    const dashed = { colour: colour("--text-2"), width: 1.5, dash: [6, 4] };
    if (this.spec.log) {
      if (top) drawLine(u, this.x.map((users) => [users, (users / top) * 1000]), dashed);
    } else {
      if (light) {
        drawLine(u, [[0, 0], [this.x[1], (this.x[1] / light) * 1000]], { colour: colour("--text-3"), width: 1, dash: [2, 4] });
      }
      for (const [, points] of fits.filter(([chosen]) => !chosen)) drawLine(u, points, dashed);
      for (const [, points] of fits.filter(([chosen]) => chosen)) {
        drawLine(u, points, { colour: colour("--c-fit"), width: 2, dash: [] });
      }
    }
  }

  label() {
    if (!this.u) return;
    this.labelEnds();
    const { knee, top, light_ms: light } = this.diagnosis ?? {};
    this.marker.show(this.u, "knee", knee, { x: knee, at: this.spec.log ? 0.06 : 0.92, text: count(knee) });
    if (this.spec.log) {
      const at = light && light >= this.y[0] && knee ? light : null;
      this.marker.show(this.u, "light", at, { x: this.x[0], y: at, text: milliseconds(at), inset: 24 });
    } else {
      const reach = light ? (this.y[1] * light) / 1000 : null; // where perfect scaling leaves the picture
      const inside = reach && reach < this.x[1] * 0.7 ? reach : null;
      this.marker.show(this.u, "perfect", inside, { x: inside, at: 0.03 });
      this.marker.show(this.u, "top", knee && top, { x: this.x[1], y: top, text: significant(top), above: true });
    }
  }

  labelEnds() {
    if (!this.ends) return;
    const height = this.u.over.clientHeight;
    const shown = [];
    for (const { column } of this.spec.series) {
      const label = this.ends.querySelector(`[data-end="${column}"]`);
      const value = this.column(column).pop() ?? null;
      if ((label.hidden = value === null)) continue;
      label.querySelector("b").textContent = significant(value);
      shown.push([label, this.u.valToPos(value, "y")]);
    }
    pushApart(shown.map(([, place]) => place), END_GAP, height).forEach((place, i) => {
      shown[i][0].style.top = `${this.u.over.offsetTop + this.box.offsetTop + place}px`;
    });
  }

  showTip(u) {
    const { idx, left } = u.cursor;
    const own = this.box.matches(":hover") || document.activeElement === this.box;
    this.tip.hidden = idx === null || idx === undefined || left < 0 || !own || !this.steps[idx];
    if (this.tip.hidden) return;
    for (const cell of this.tip.querySelectorAll("[data-value]")) {
      const { value: column, unit } = cell.dataset;
      const value = this.steps[idx][COLUMNS.indexOf(column)];
      cell.textContent = column === "users" ? count(value) : unit === "%" ? percent(value) : withUnit(column, value, unit);
    }
    const room = this.box.clientWidth - this.tip.offsetWidth;
    const beside = LEFT + left + 14;
    this.tip.style.left = `${beside > room ? Math.max(0, LEFT + left - this.tip.offsetWidth - 14) : beside}px`;
    this.tip.style.top = `${this.box.offsetTop - 4}px`;
  }
}

/** 1, 2, 4, 8, … as a sweep rises, at most `most` of them. */
function userTicks(low, high, most) {
  const ticks = [];
  for (let tick = 1; tick <= high; tick *= 2) if (tick >= low) ticks.push(tick);
  const every = Math.ceil(ticks.length / most);
  return ticks.filter((_, place) => place % every === 0);
}
