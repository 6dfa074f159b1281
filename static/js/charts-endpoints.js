// Throughput and latency of each endpoint. Their figures are many, so they are asked for when they are looked at.

import { Series } from "./charts-series.js";
import { clearSelection } from "./charts-select.js";
import { TimePlot } from "./charts-time.js";

const AGAIN_MS = 5000; // how often the figures of a live run are asked for anew
const wide = () => (matchMedia("(max-width: 720px)").matches ? 76 : 84);

const specs = (place) => [
  {
    name: `ep-${place}-throughput`, axis: true, ticks: 3,
    series: [{ column: "throughput", colour: "--c-rate", area: 0.13 }],
  },
  {
    name: `ep-${place}-latency`, axis: true, ticks: 3, right: wide,
    series: [
      { column: "p99", colour: "--p99" }, { column: "p95", colour: "--p95" }, { column: "p50", colour: "--p50" },
    ],
  },
];

export class EndpointCharts {
  constructor(details, group) {
    Object.assign(this, { details, plots: [], asked: -Infinity });
    for (const figure of details.querySelectorAll("[data-endpoint]")) {
      const place = Number(figure.dataset.endpoint);
      for (const spec of specs(place)) {
        const box = figure.querySelector(`[data-plot="${spec.name}"]`);
        this.plots.push({ place, plot: new TimePlot(box, spec, group) });
      }
    }
    details.addEventListener("toggle", () => this.show());
  }

  /** Asks for the figures when they are to be seen and not fresh. */
  async show() {
    if (!this.details.open || performance.now() - this.asked < AGAIN_MS) return;
    this.asked = performance.now();
    const answer = await fetch(this.details.dataset.series);
    if (!answer.ok) return;
    const { columns, endpoints } = await answer.json();
    this.series = endpoints.map((rows) => {
      const series = new Series(columns);
      series.merge(rows, true);
      return series;
    });
    this.build();
  }

  build() {
    if (!this.series || !this.details.open) return;
    for (const { place, plot } of this.plots) plot.build(this.series[place]);
  }

  redraw() {
    for (const { plot } of this.plots) plot.u?.redraw(false);
  }

  resize() {
    for (const { plot } of this.plots) plot.resize();
  }

  clearSelection() {
    for (const { plot } of this.plots) clearSelection(plot.u);
  }
}
