// The charts of a comparison: drawn from the page's own data; all words stand in the page.

import "./charts-files.js";
import { CurvePlot } from "./compare-curve.js";
import { OverTimePlot } from "./compare-time.js";
import { CompareTable } from "./compare-table.js";

const root = document.getElementById("compare-charts");
const runs = JSON.parse(document.getElementById("compare-data").textContent);
const box = (name) => root.querySelector(`[data-plot="${name}"]`);

const plots = [
  new CurvePlot(box("curve"), runs),
  ...["throughput", "p50", "p95"].map((column) => new OverTimePlot(box(column), column, runs)),
];
for (const region of root.querySelectorAll("[data-table-of]")) new CompareTable(region, runs);

const build = () => plots.forEach((plot) => plot.build());
document.addEventListener("katydid:theme", build);
new ResizeObserver(() => plots.forEach((plot) => plot.resize())).observe(root);
build();
