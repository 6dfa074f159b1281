// The charts of the run page: made once from the page's own data, then told of new rows.

import { EndpointCharts } from "./charts-endpoints.js";
import { HeatPlot } from "./charts-heat.js";
import { HistogramPlot } from "./charts-histogram.js";
import { figure } from "./charts-numbers.js";
import { clearSelection } from "./charts-select.js";
import { Series } from "./charts-series.js";
import { SweepCharts } from "./charts-sweep.js";
import { ChartTable } from "./charts-table.js";
import { TimePlot } from "./charts-time.js";

const wide = () => (matchMedia("(max-width: 720px)").matches ? 76 : 84);

/** open: starts come on a schedule, so what is planned is a rate, and service time is drawn apart. */
function specs(limits, open) {
  const service = {
    name: "service", axis: true, ticks: 2, right: wide,
    series: [{ column: "s99", colour: "--p99", width: 1.5 }, { column: "s50", colour: "--p50", width: 1.5 }],
  };
  return [
    {
      name: "throughput", ticks: 3, words: true, plan: open,
      series: [{ column: "throughput", colour: "--c-rate", area: 0.13 }],
    },
    {
      name: "users", axis: true, ticks: 2, plan: !open,
      series: [
        { column: "users", colour: "--c-users", width: 1.5, area: 0.1 },
        { column: "in_flight", colour: "--c-rate", width: 1.5 },
      ],
    },
    {
      name: "latency", axis: !open, ticks: open ? 4 : 6, right: wide, limits: () => limits,
      series: [
        { column: "p99", colour: "--p99" },
        { column: "p95", colour: "--p95" },
        { column: "p90", colour: "--p90" },
        { column: "p50", colour: "--p50" },
      ],
    },
    ...(open ? [service] : []),
    {
      name: "statuses", ticks: 3, right: wide, stack: true,
      series: [
        { column: "c2", colour: "--c-okl", fill: "--c-ok1", width: 1 },
        { column: "c3", colour: "--c-okl", fill: "--c-ok3", width: 1 },
        { column: "c4", colour: "--c-4xx", fill: "--c-4xx", width: 1 },
        { column: "c5", colour: "--c-5xx", fill: "--c-5xx", width: 1 },
        { column: "none", colour: "--c-none", fill: "--c-none", width: 1 },
      ],
    },
    {
      name: "failures", axis: true, ticks: 2, right: wide, stack: true, bars: true,
      series: [
        { column: "f4", colour: "--c-4xx" },
        { column: "f5", colour: "--c-5xx" },
        { column: "fnone", colour: "--c-none" },
        { column: "fother", colour: "--c-users" },
      ],
    },
  ];
}

export class Charts {
  /** `root`: the section of the charts; `data`: the page's JSON. */
  constructor(root, data) {
    this.root = root;
    this.group = { usersWord: root.dataset.users };
    this.series = new Series(data.columns);
    this.limits = data.limits.filter(([percentile]) => [50, 90, 95, 99].includes(percentile));
    this.bins = [];
    this.sweep = document.getElementById("sweep-charts") ? new SweepCharts(this.group) : null;
    this.plots = specs(this.limits, "open" in root.dataset).map((spec) => new TimePlot(this.box(spec.name), spec, this.group));
    this.plots.push(new HeatPlot(this.box("heatmap"), this.group));
    this.histogram = new HistogramPlot(this.box("histogram"), this.group);
    const endpoints = document.getElementById("by-endpoint");
    this.endpoints = endpoints ? new EndpointCharts(endpoints, this.group) : null;
    this.tables = [...root.querySelectorAll("[data-table-of]")].map((region) => new ChartTable(region));
    this.take(data);
    this.build();
    this.watch();
  }

  box(name) {
    return this.root.querySelector(`[data-plot="${name}"]`);
  }

  /** New rows from the stream: kept at once, drawn when the page can be seen. */
  update(data) {
    this.take(data);
    if (document.hidden) this.behind = true;
    else this.draw();
  }

  /** What is selected, {from, to, bins}, or null for the whole run. */
  select(stretch) {
    this.chosen = stretch;
    this.group.stretch = stretch ? [stretch.from, stretch.to] : null;
    this.draw();
    this.endpoints?.redraw();
  }

  clearSelection() {
    for (const plot of this.plots) clearSelection(plot.u);
    this.endpoints?.clearSelection();
  }

  /** The distribution of what is selected. */
  get shownBins() {
    return this.chosen ? this.chosen.bins : this.bins;
  }

  take({ rows, whole, bins, ...more }) {
    this.series.merge(rows, whole);
    this.bins = bins;
    Object.assign(this.group, { live: more.live, planned: more.planned_s, marks: more.marks, plan: more.plan });
    this.sweep?.take(more.steps, more.diagnosis);
  }

  build() {
    for (const plot of this.plots) plot.build(this.series);
    this.histogram.build(this.shownBins);
    this.sweep?.build();
    this.endpoints?.build();
    this.describe();
  }

  draw() {
    this.behind = false;
    for (const plot of this.plots) plot.draw(this.series);
    this.histogram.draw(this.shownBins);
    this.sweep?.draw();
    this.endpoints?.show();
    this.describe();
  }

  /** The newest values in the legends, the tables, and the note on what is not drawn. */
  describe() {
    for (const cell of this.root.querySelectorAll("[data-last]")) {
      cell.textContent = figure(cell.dataset.last, this.series.value(cell.dataset.last));
    }
    for (const note of this.root.querySelectorAll("[data-unsupported]")) {
      const drawn = (column) => this.series.values(column).some((value) => value !== null);
      note.hidden = drawn(note.dataset.unsupported) || !drawn("p50");
    }
    this.root.classList.toggle("empty-charts", this.series.length === 0);
    const fast = this.series.values("p50").some((value) => value !== null);
    this.root.querySelector('[data-chart="latency"]').classList.toggle("empty-charts", !fast);
    for (const table of this.tables) table.show(this.series, this.shownBins);
  }

  watch() {
    document.addEventListener("katydid:theme", () => this.build());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.behind) this.draw();
    });
    const sizes = new ResizeObserver(() => {
      for (const plot of [...this.plots, this.histogram]) plot.resize();
      this.sweep?.resize();
      this.endpoints?.resize();
    });
    sizes.observe(this.root);
  }
}
