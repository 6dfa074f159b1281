// A chart over the time of the run: lines, areas, stacks or bars.

import { LEFT, dashedLine, moveByKeys, xAxis, yAxis } from "./charts-axes.js";
import { count, pushApart, roundUp, significant, timeEnd, timeTicks, timer, withUnit } from "./charts-numbers.js";
import { drawMarks, drawPlan } from "./charts-marks.js";
import { selection, shadeAround } from "./charts-select.js";
import { colours, faded } from "./charts-theme.js";

const END_GAP = 15; // px between labels at the lines' ends

/**
 * One plot. `spec`: name; series [{column, colour, width, area, fill}] from front to back; stack and bars
 * (booleans); axis (whether the time is written below); right (px kept free for labels); limits
 * [[percentile, value]]; ticks (how many steps up); words (whether marks are named here); plan (whether the
 * planned load is drawn).
 */
export class TimePlot {
  constructor(box, spec, group) {
    Object.assign(this, { box, spec, group, top: 0, u: null });
    this.figure = box.closest("figure");
    this.ends = this.figure.querySelector(`[data-ends="${spec.name}"]`);
    this.tip = this.figure.querySelector(`[data-tip="${spec.name}"]`);
    moveByKeys(box, () => this.u);
  }

  /** Draws from nothing: at the start, and in new colours or widths. */
  build(series) {
    this.u?.destroy();
    this.u = new uPlot(this.options(), this.data(series), this.box);
    requestAnimationFrame(() => this.afterDraw(this.series)); // before that it has no size
  }

  draw(series) {
    this.u.setData(this.data(series));
    this.afterDraw(series);
  }

  resize() {
    this.u?.setSize({ width: this.box.clientWidth, height: this.box.clientHeight });
    if (this.series) this.afterDraw(this.series);
  }

  data(series) {
    this.series = series;
    const columns = this.spec.series.map(({ column }) => series.values(column));
    if (this.spec.stack) {
      for (let i = 1; i < columns.length; i += 1) {
        columns[i] = columns[i].map((value, row) => (value ?? 0) + (columns[i - 1][row] ?? 0));
      }
      columns.reverse(); // the highest is painted first, the others over it
    }
    this.stretch(series, columns);
    return [series.values("end_s"), ...columns];
  }

  /** The ranges: x ends on a round moment; y is round and never shrinks while the run goes on. */
  stretch(series, columns) {
    this.end = timeEnd(series.value("end_s") ?? 0, this.group.planned);
    let highest = 0;
    for (const column of columns) for (const value of column) if (value > highest) highest = value;
    this.shown = (this.spec.limits?.() ?? []).filter(([, value]) => highest > 0 && value <= 2 * highest);
    for (const [, value] of this.shown) highest = Math.max(highest, value * 1.05);
    if (this.spec.plan) for (const [at, value] of this.group.plan) if (at <= this.end) highest = Math.max(highest, value);
    const top = highest > 0 ? roundUp(highest * 1.02, this.spec.ticks) : this.top || 10;
    this.top = this.group.live ? Math.max(this.top, top) : top;
  }

  options() {
    const colour = colours();
    const { spec } = this;
    const chosen = selection(this.group);
    const few = this.box.clientWidth < 480;
    const lines = spec.stack ? [...spec.series].reverse() : spec.series;
    return {
      width: this.box.clientWidth,
      height: this.box.clientHeight,
      padding: [7, spec.right?.() ?? 18, spec.axis ? 0 : 7, 0],
      legend: { show: false },
      select: chosen.select,
      scales: {
        x: { time: false, range: () => [0, this.end] },
        y: { range: () => [0, this.top] },
      },
      axes: [
        xAxis(colour, {
          show: spec.axis,
          splits: () => timeTicks(this.end, few ? 4 : 7),
          values: (u, all) => all.map((at) => timer(at, this.end < 3)),
        }),
        yAxis(colour, spec.ticks),
      ],
      series: [{}, ...lines.map((line) => this.line(line, colour))],
      cursor: {
        y: false,
        drag: chosen.drag,
        points: { show: !spec.stack, size: 6, width: 0, fill: (u, i) => u.series[i].stroke() },
        sync: { key: "run", setSeries: false, scales: ["x", null] },
      },
      hooks: {
        ready: [chosen.ready],
        setSelect: [chosen.setSelect],
        draw: [(u) => this.drawOver(u, colour)],
        setCursor: [(u) => this.showTip(u)],
      },
    };
  }

  line({ column, colour: name, width = 1.75, area, fill }, colour) {
    const stroke = colour(name);
    const options = {
      label: column, scale: "y", stroke, width,
      spanGaps: false,
      points: { show: (u) => u.data[0].length < 3, size: 5, fill: stroke },
    };
    if (area) options.fill = faded(stroke, area);
    if (fill) options.fill = colour(fill);
    if (this.spec.bars) {
      options.paths = uPlot.paths.bars({ size: [0.9, 60, 1], align: -1 });
      Object.assign(options, { width: 0, fill: stroke, points: { show: false } });
    }
    return options;
  }

  drawOver(u, colour) {
    shadeAround(u, this.group, colour);
    if (this.spec.plan) drawPlan(u, this.group.plan, colour("--text-3"));
    for (const [, value] of this.shown) dashedLine(u, { y: value, colour: colour("--bad") });
    drawMarks(u, this.group.marks, colour("--text-2"), colour("--surface"), this.spec.words);
  }

  afterDraw(series) {
    if (this.ends) this.labelEnds(series);
    if (this.u.cursor.idx !== null) this.showTip(this.u);
  }

  /** Writes each line's last value beside its end, pushed apart where they would cover one another. */
  labelEnds(series) {
    const height = this.u.over.clientHeight;
    const top = this.u.over.offsetTop + this.box.offsetTop;
    const shown = [];
    let below = 0;
    for (const { column } of this.spec.series) {
      const label = this.ends.querySelector(`[data-end="${column}"]`);
      const value = series.value(column);
      below = this.spec.stack ? below + (value ?? 0) : value;
      const hide = value === null || (this.spec.stack && value === 0);
      if (label && !(label.hidden = hide)) {
        label.querySelector("b").textContent = significant(value);
        shown.push([label, below - (this.spec.stack ? value / 2 : 0)]);
      }
    }
    for (const [percentile, value] of this.spec.limits?.() ?? []) {
      const label = this.ends.querySelector(`[data-end="limit-${percentile}"]`);
      if (label && !(label.hidden = !this.shown.some(([known]) => known === percentile))) shown.push([label, value]);
    }
    const places = shown.map(([, value]) => (1 - Math.min(1, value / this.top)) * height);
    pushApart(places, END_GAP, height).forEach((place, i) => {
      shown[i][0].style.top = `${top + place}px`;
    });
  }

  /** When, with how many users, and what was changed by hand in that interval. */
  moment(ends, idx, users) {
    const from = idx ? ends[idx - 1] : 0;
    const made = this.group.marks.filter(([at]) => at > from && at <= ends[idx]).map(([, words]) => words);
    return [timer(ends[idx], this.end <= 30), `${count(users)} ${this.group.usersWord}`, ...made].join(" · ");
  }

  /** The values at the cursor, beside it, in the plot that is pointed at or has focus. */
  showTip(u) {
    const { idx, left } = u.cursor;
    const own = this.box.matches(":hover") || document.activeElement === this.box;
    this.tip.hidden = idx === null || idx === undefined || left < 0 || !own;
    if (this.tip.hidden) return;
    const users = this.series.value("users", idx);
    this.tip.querySelector(".t").textContent = this.moment(u.data[0], idx, users);
    for (const cell of this.tip.querySelectorAll("[data-value]")) {
      cell.textContent = withUnit(cell.dataset.value, this.series.value(cell.dataset.value, idx), cell.dataset.unit);
    }
    const room = this.box.clientWidth - this.tip.offsetWidth;
    const beside = LEFT + left + 14;
    this.tip.style.left = `${beside > room ? Math.max(0, LEFT + left - this.tip.offsetWidth - 14) : beside}px`;
    this.tip.style.top = `${this.box.offsetTop - 4}px`;
  }
}
