// How many requests took how long, over time: columns of time, a logarithmic axis, lightness for the number.

import { LEFT, moveByKeys, xAxis, yAxis } from "./charts-axes.js";
import { count, latencyTick, logTicks, milliseconds, timeEnd, timeTicks, timer } from "./charts-numbers.js";
import { selection, shadeAround } from "./charts-select.js";
import { colours } from "./charts-theme.js";

const PER_DECADE = 12; // bins, as webui/analysis/chart_rows.py makes them
const COLUMNS = 110; // at most: below 5 px a cell could not be told from its neighbours
const LEVELS = 8;

const edge = (bin) => 10 ** (bin / PER_DECADE) / 1000; // ms
const span = (bin) => `${milliseconds(edge(bin))} – ${milliseconds(edge(bin + 1))}`;

/** Neighbouring rows as columns of {from, to, cells: Map(bin → count), all}. */
export function heatColumns(series) {
  const each = Math.max(1, Math.ceil(series.length / COLUMNS));
  const [starts, ends, heats] = ["start_s", "end_s", "heat"].map((column) => series.values(column));
  const columns = [];
  heats.forEach(([first, ...counts], row) => {
    if (row % each === 0) columns.push({ from: starts[row], to: ends[row], cells: new Map(), all: 0 });
    const column = columns[columns.length - 1];
    column.to = ends[row];
    counts.forEach((number, i) => {
      if (number) column.cells.set(first + i, (column.cells.get(first + i) ?? 0) + number);
      column.all += number;
    });
  });
  return columns;
}

/** The bin with the most requests. */
const busiest = (column) => [...column.cells].reduce((a, b) => (b[1] > a[1] ? b : a), [null, 0]);

/** Rows of the table: until when, all, fastest, most frequent, slowest. */
export function heatRows(series) {
  return heatColumns(series).filter(({ all }) => all).map((column) => {
    const bins = [...column.cells.keys()];
    return [timer(column.to, series.value("end_s") <= 30), count(column.all), span(Math.min(...bins)),
      span(busiest(column)[0]), span(Math.max(...bins))];
  });
}

export class HeatPlot {
  constructor(box, group) {
    Object.assign(this, { box, group, u: null, columns: [], most: 0 });
    this.figure = box.closest("figure");
    this.tip = this.figure.querySelector('[data-tip="heatmap"]');
    moveByKeys(box, () => this.u);
  }

  build(series) {
    this.u?.destroy();
    this.u = new uPlot(this.options(), this.data(series), this.box);
  }

  draw(series) {
    this.u.setData(this.data(series));
  }

  resize() {
    this.u?.setSize({ width: this.box.clientWidth, height: this.box.clientHeight });
  }

  data(series) {
    this.columns = heatColumns(series);
    this.end = timeEnd(series.value("end_s") ?? 0, this.group.planned);
    this.most = 0;
    let [low, high] = [Infinity, -Infinity];
    for (const { cells } of this.columns) {
      for (const [bin, number] of cells) {
        low = Math.min(low, bin);
        high = Math.max(high, bin + 1);
        this.most = Math.max(this.most, number);
      }
    }
    this.bins = this.most ? [low, Math.max(high, low + 6)] : [24, 36];
    this.figure.querySelector("[data-heat-most]").textContent = this.most ? count(this.most) : "–";
    return [this.columns.map(({ from, to }) => (from + to) / 2), this.columns.map(() => null)];
  }

  options() {
    const colour = colours();
    const few = this.box.clientWidth < 480;
    const chosen = selection(this.group);
    const range = () => this.bins.map(edge);
    return {
      width: this.box.clientWidth,
      height: this.box.clientHeight,
      padding: [7, 18, 0, 0],
      legend: { show: false },
      select: chosen.select,
      scales: { x: { time: false, range: () => [0, this.end] }, y: { distr: 3, range } },
      axes: [
        xAxis(colour, {
          show: true,
          splits: () => timeTicks(this.end, few ? 4 : 7),
          values: (u, all) => all.map((at) => timer(at, this.end < 3)),
        }),
        { ...yAxis(colour, 6), splits: () => logTicks(...range(), 7), values: (u, all) => all.map(latencyTick) },
      ],
      series: [{}, { scale: "y", stroke: "transparent", width: 0, points: { show: false }, paths: () => null }],
      cursor: {
        drag: chosen.drag, points: { show: false },
        sync: { key: "run", setSeries: false, scales: ["x", null] },
      },
      hooks: {
        ready: [chosen.ready],
        setSelect: [chosen.setSelect],
        draw: [(u) => this.drawCells(u, colour), (u) => shadeAround(u, this.group, colour)],
        setCursor: [(u) => this.showTip(u)],
      },
    };
  }

  level(number) {
    // By the root: evenly, the few would vanish; by the logarithm, the many would all look alike.
    return Math.min(LEVELS - 1, Math.floor(LEVELS * Math.sqrt(number / this.most)));
  }

  drawCells(u, colour) {
    const { ctx } = u;
    const ramp = Array.from({ length: LEVELS }, (_, level) => colour(`--h${level}`));
    const gap = devicePixelRatio / 2;
    for (const { from, to, cells } of this.columns) {
      const [left, right] = [from, to].map((at) => u.valToPos(at, "x", true));
      for (const [bin, number] of cells) {
        const [bottom, top] = [bin, bin + 1].map((at) => u.valToPos(edge(at), "y", true));
        ctx.fillStyle = ramp[this.level(number)];
        ctx.fillRect(left, top, Math.max(1, right - left - gap), Math.max(1, bottom - top - gap));
      }
    }
  }

  showTip(u) {
    const { idx, left, top } = u.cursor;
    const own = this.box.matches(":hover") || document.activeElement === this.box;
    const column = this.columns[idx];
    this.tip.hidden = !own || !column || left < 0;
    if (this.tip.hidden) return;
    const [most, number] = busiest(column);
    const bin = this.box.matches(":hover") ? Math.floor(Math.log10(u.posToVal(top, "y") * 1000) * PER_DECADE) : most;
    const short = this.end <= 30;
    this.write(".t", `${timer(column.from, short)} to ${timer(column.to, short)}`);
    this.write('[data-value="range"]', bin === null ? "–" : span(bin));
    this.write('[data-value="here"]', count(column.cells.get(bin) ?? 0));
    this.write('[data-value="all"]', count(column.all));
    this.write('[data-value="most-range"]', most === null ? "–" : span(most));
    this.write('[data-value="most"]', count(number));
    const room = this.box.clientWidth - this.tip.offsetWidth;
    const beside = LEFT + left + 14;
    this.tip.style.left = `${beside > room ? Math.max(0, LEFT + left - this.tip.offsetWidth - 14) : beside}px`;
    this.tip.style.top = `${this.box.offsetTop - 4}px`;
  }

  write(part, text) {
    this.tip.querySelector(part).textContent = text;
  }
}
