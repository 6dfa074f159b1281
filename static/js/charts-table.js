// The figures of a chart as a table in its place. Rows are added as they come; nothing else moves.

import { heatRows } from "./charts-heat.js";
import { count, figure, milliseconds, timer } from "./charts-numbers.js";

export class ChartTable {
  constructor(region) {
    this.region = region;
    this.body = region.querySelector("tbody");
    this.columns = [...region.querySelectorAll("[data-column]")].map((head) => head.dataset.column);
    this.button = document.querySelector(`[data-table="${region.dataset.tableOf}"]`);
    this.button.addEventListener("click", (event) => this.toggle(event));
    this.button.addEventListener("keydown", (event) => {
      if (event.key === " ") this.toggle(event);
    });
  }

  toggle(event) {
    event.preventDefault();
    this.region.hidden = !this.region.hidden;
    this.button.setAttribute("aria-pressed", String(!this.region.hidden));
    if (!this.region.hidden) this.fill();
  }

  /** Takes what the table is made from; draws it when it is open. */
  show(series, bins) {
    Object.assign(this, { series, bins });
    if (!this.region.hidden) this.fill();
  }

  fill() {
    const rows = { histogram: () => this.binRows(), heatmap: () => heatRows(this.series) };
    const made = (rows[this.region.dataset.tableOf] ?? (() => this.timeRows()))();
    made.forEach((cells, place) => {
      const row = this.body.rows[place] ?? this.body.insertRow();
      cells.forEach((text, i) => this.write(row, i, text));
    });
    while (this.body.rows.length > made.length) this.body.deleteRow(-1);
  }

  write(row, i, text) {
    let cell = row.cells[i];
    if (!cell) {
      cell = document.createElement(i === 0 ? "th" : "td");
      if (i === 0) cell.scope = "row";
      else cell.className = "num";
      row.append(cell);
    }
    if (cell.textContent !== text) cell.textContent = text;
  }

  timeRows() {
    const short = (this.series.value("end_s") ?? 0) <= 30;
    return this.series.rows.map((_, place) =>
      this.columns.map((column) => {
        const value = this.series.value(column, place);
        return column === "end_s" ? timer(value, short) : figure(column, value);
      }),
    );
  }

  binRows() {
    return this.bins.map(([from, to, successes, failures]) => [
      `${milliseconds(from)} – ${milliseconds(to)}`, count(successes), count(failures),
    ]);
  }
}
