// The figures of a chart as a table in its place.

import { significant, timer } from "./charts-numbers.js";
import { COLUMNS } from "./compare-time.js";

const MOST = 240; // rows; longer runs are shown at every second, third, … moment

export class CompareTable {
  constructor(region, runs) {
    Object.assign(this, { region, runs, column: COLUMNS.indexOf(region.dataset.tableOf) });
    const button = document.querySelector(`[data-table="${region.dataset.tableOf}"]`);
    button.addEventListener("click", () => {
      region.hidden = !region.hidden;
      button.setAttribute("aria-pressed", String(!region.hidden));
      if (this.column > 0 && !region.firstElementChild) this.fill();
    });
  }

  fill() {
    const moments = [...new Set(this.runs.flatMap(({ rows }) => rows.map(([t]) => t)))].sort((a, b) => a - b);
    const every = Math.ceil(moments.length / MOST);
    const values = this.runs.map(({ rows }) => new Map(rows.map((row) => [row[0], row[this.column]])));
    const short = (moments.at(-1) ?? 0) <= 30;
    const table = document.createElement("table");
    this.row(table.createTHead(), ["Time", ...this.runs.map(({ letter }) => letter)], true);
    const body = table.createTBody();
    for (const at of moments.filter((_, i) => i % every === 0)) {
      this.row(body, [timer(at, short), ...values.map((column) => significant(column.get(at)))], false);
    }
    this.region.append(table);
  }

  row(part, texts, head) {
    const row = part.insertRow();
    texts.forEach((text, i) => {
      const cell = document.createElement(head || i === 0 ? "th" : "td");
      if (cell.tagName === "TH") cell.scope = head ? "col" : "row";
      if (i > 0) cell.className = "num";
      cell.textContent = text;
      row.append(cell);
    });
  }
}
