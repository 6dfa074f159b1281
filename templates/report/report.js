// The report's charts, drawn by uPlot from the data in the page. One script, no imports: the report is one file.
"use strict";
(() => {
  const { document: run, percentiles } = JSON.parse(document.getElementById("katydid-data").textContent);
  const rows = run.snapshots;
  const plots = [];

  // -- numbers ---------------------------------------------------------------------------------------
  const grouped = (text) => text.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const significant = (value) => {
    if (value === null || value === undefined) return "–";
    if (value === 0) return "0";
    const rounded = Number(value.toPrecision(3));
    const magnitude = Math.floor(Math.log10(Math.abs(rounded)));
    const [whole, part] = rounded.toFixed(Math.max(0, 2 - magnitude)).split(".");
    return grouped(whole) + (part ? `.${part}` : "");
  };
  const tick = (value) => (Math.abs(value) >= 1000 ? grouped(String(value)) : String(Number(value.toPrecision(6))));
  const timer = (seconds) => {
    const whole = Math.floor(seconds + 1e-9);
    const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
    const tail = `${hours ? String(minutes).padStart(2, "0") : minutes}:${String(rest).padStart(2, "0")}`;
    return (hours ? `${hours}:` : "") + tail + (seconds - whole > 0.05 ? `.${Math.round((seconds - whole) * 10)}` : "");
  };
  const roundStep = (span, most) => {
    const raw = span / most;
    const power = 10 ** Math.floor(Math.log10(raw));
    return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => step >= raw * 0.999);
  };
  const evenly = (max, most) => {
    const step = roundStep(max || 1, most);
    return Array.from({ length: Math.floor(max / step + 1e-9) + 1 }, (_, i) => Number((i * step).toPrecision(12)));
  };
  const TIMES = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
  const times = (end) => {
    const step = TIMES.find((each) => end / each <= 5.5) ?? Math.ceil(end / 6 / 3600) * 3600;
    return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, i) => i * step);
  };
  const logTicks = (min, max, factors) => {
    const found = [];
    for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power += 1) {
      for (const factor of factors) found.push(Number((factor * 10 ** power).toPrecision(6)));
    }
    return found.filter((value) => value >= min * 0.999 && value <= max * 1.001);
  };

  // -- what all plots have in common -----------------------------------------------------------------
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const font = () => `11px ${getComputedStyle(document.body).fontFamily}`;
  const axis = (more) => ({
    stroke: colour("--axis"), font: font(), gap: 8, ticks: { show: false }, filter: (u, all) => all, ...more,
  });
  const xAxis = (splits, values) => axis({
    size: 26, grid: { show: false }, border: { show: true, stroke: colour("--line-2"), width: 1 }, splits, values,
  });
  const yAxis = (splits) => axis({
    size: 52, grid: { stroke: colour("--grid"), width: 1 }, splits, values: (u, all) => all.map(tick),
  });
  const line = (name, more = {}) => ({
    stroke: colour(name), width: 1.75, points: { show: (u) => u.data[0].length < 3, size: 5, fill: colour(name) }, ...more,
  });
  const highest = (columns) => Math.max(0, ...columns.map((column) => column.reduce((a, b) => Math.max(a, b ?? 0), 0)));

  function plot(name, data, series, options) {
    const box = document.querySelector(`[data-plot="${name}"]`);
    if (!box || !data[0].length) return;
    const build = () => new uPlot({
      width: box.clientWidth, height: box.clientHeight, padding: [8, 20, 0, 0],
      legend: { show: false }, select: { show: false },
      series: [{}, ...series()],
      ...options(),
    }, data, box);
    plots.push({ box, build, u: build() });
  }

  /** A plot over time; `keys` name the places in the figure's legend that show the value under the cursor. */
  function overTime(name, keys, columns, series) {
    const ends = rows.map((row) => row.t_s);
    const end = ends[ends.length - 1] ?? 1;
    const top = highest(columns) * 1.05 || 1;
    plot(name, [ends, ...columns], series, () => ({
      scales: { x: { time: false, range: () => [0, end] }, y: { range: () => [0, top] } },
      axes: [xAxis(() => times(end), (u, all) => all.map(timer)), yAxis(() => evenly(top, name === "users" ? 2 : 5))],
      cursor: { y: false, drag: { setScale: false, x: false, y: false }, sync: { key: "run", setSeries: false, scales: ["x", null] }, points: { size: 6, width: 0, fill: (u, i) => u.series[i].stroke() } },
      hooks: { setCursor: [(u) => showAt(u, keys, columns)] },
    }));
  }

  function showAt(u, keys, columns) {
    const figure = u.root.closest("figure");
    keys.forEach((key, i) => {
      const place = figure.querySelector(`[data-at="${key}"]`);
      if (place) place.textContent = u.cursor.idx === null ? "" : significant(columns[i][u.cursor.idx]);
    });
  }

  const column = (key) => rows.map((row) => row[key]);
  const perSecond = (count) => rows.map((row) => count(row) / (row.interval_s || 1));
  const statuses = (row, hundred) => Object.entries(row.status_codes).reduce((sum, [code, count]) => sum + (code[0] === hundred ? count : 0), 0);

  // -- the plots -------------------------------------------------------------------------------------
  overTime("throughput", ["throughput"], [column("throughput_rps")], () => [line("--c-rate", { fill: `${colour("--c-rate")}22` })]);
  overTime("users", ["users"], [column("users")], () => [line("--c-users", { fill: `${colour("--c-users")}18` })]);
  const shown = ["p99", "p95", "p90", "p50"];
  overTime("latency", shown, shown.map((key) => column(`${key}_ms`)), () => shown.map((key) => line(`--${key}`)));
  const failing = [perSecond((row) => row.failures), perSecond((row) => statuses(row, "4")), perSecond((row) => statuses(row, "5")), perSecond((row) => row.no_response)];
  overTime("failures", ["all", "f4", "f5", "none"], failing, () => [
    line("--c-users", { width: 1.25, dash: [4, 3] }), line("--c-4xx"), line("--c-5xx"), line("--c-none"),
  ]);

  const NINES = [[0, "min"], [50, "p50"], [90, "p90"], [95, "p95"], [99, "p99"], [99.9, "p99.9"], [99.99, "p99.99"], [99.999, "p99.999"]];
  const nines = (percentile) => Math.log10(1 / (1 - percentile / 100));
  const tail = percentiles.filter(([percentile]) => percentile < 100);
  const last = nines(tail.at(-1)?.[0] ?? 50);
  plot("percentiles", [tail.map(([percentile]) => nines(percentile)), tail.map(([, value]) => value)],
    () => [line("--c-rate", { fill: `${colour("--c-rate")}18` })],
    () => {
      const top = highest([tail.map(([, value]) => value)]) * 1.05 || 1;
      const marks = NINES.filter(([percentile]) => nines(percentile) <= last + 1e-9);
      return {
        scales: { x: { time: false, range: () => [0, last || 1] }, y: { range: () => [0, top] } },
        axes: [
          { ...xAxis(() => marks.map(([percentile]) => nines(percentile)), () => marks.map(([, words]) => words)), grid: { show: true, stroke: colour("--grid"), width: 1 } },
          yAxis(() => evenly(top, 5)),
        ],
        cursor: { show: false },
      };
    });

  // -- a sweep ---------------------------------------------------------------------------------------
  const steps = [...run.steps].sort((a, b) => a.users - b.users).filter((step, i, all) => i === 0 || step.users !== all[i - 1].users);
  const fits = run.diagnosis?.fits ?? [];
  const knee = run.diagnosis?.knee_users ?? null;

  function drawLine(u, points, stroke, width, dash) {
    const { ctx } = u;
    const scale = devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    ctx.clip();
    ctx.beginPath();
    points.forEach(([x, y], i) => ctx[i ? "lineTo" : "moveTo"](u.valToPos(x, "x", true), u.valToPos(y, "y", true)));
    ctx.strokeStyle = stroke;
    ctx.lineWidth = width * scale;
    ctx.setLineDash(dash.map((each) => each * scale));
    ctx.stroke();
    ctx.restore();
  }

  function drawSweep(u, low, high, withFits) {
    for (const fit of withFits ? fits : []) {
      drawLine(u, fit.points, colour(fit.chosen ? "--c-fit" : "--text-2"), fit.chosen ? 2 : 1.25, fit.chosen ? [] : [5, 4]);
    }
    if (knee === null) return;
    drawLine(u, [[knee, low], [knee, high]], colour("--text-2"), 1, [3, 3]);
    const scale = devicePixelRatio;
    const words = `Knee: ${significant(knee)} users`;
    u.ctx.save();
    u.ctx.font = `600 ${11 * scale}px ${getComputedStyle(document.body).fontFamily}`;
    u.ctx.fillStyle = colour("--text");
    const at = u.valToPos(knee, "x", true);
    const right = at + u.ctx.measureText(words).width + 8 * scale > u.bbox.left + u.bbox.width;
    u.ctx.textAlign = right ? "right" : "left";
    u.ctx.fillText(words, at + (right ? -6 : 6) * scale, u.bbox.top + (withFits ? u.bbox.height - 8 * scale : 12 * scale));
    u.ctx.restore();
  }

  if (steps.length) {
    const users = steps.map((step) => step.users);
    const rates = steps.map((step) => step.throughput_rps);
    const most = users[users.length - 1];
    const top = Math.max(highest([rates]), ...fits.filter((fit) => fit.chosen).flatMap((fit) => fit.points.map(([, y]) => y))) * 1.08 || 1;
    plot("sweep-throughput", [users, rates],
      () => [line("--c-rate", { width: fits.length ? 0 : 1.75, points: { show: true, size: 8, fill: colour("--c-rate"), stroke: colour("--surface") } })],
      () => ({
        scales: { x: { time: false, range: () => [0, most * 1.03] }, y: { range: () => [0, top] } },
        axes: [xAxis(() => evenly(most, 8), (u, all) => all.map(tick)), yAxis(() => evenly(top, 5))],
        cursor: { show: false },
        hooks: { drawAxes: [(u) => drawSweep(u, 0, top, true)] },
      }));
    const keys = ["p99", "p95", "p50"];
    const columns = keys.map((key) => steps.map((step) => step.response_time_ms[key]));
    const values = columns.flat().filter((value) => value > 0);
    if (values.length) {
      const [low, high] = [Math.min(...values) / 1.3, Math.max(...values) * 1.3];
      plot("sweep-latency", [users, ...columns],
        () => keys.map((key) => line(`--${key}`, { points: { show: true, size: 6, fill: colour(`--${key}`), stroke: colour("--surface") } })),
        () => ({
          scales: { x: { time: false, distr: 3, range: () => [Math.max(1, users[0]) / 1.1, most * 1.1] }, y: { distr: 3, range: () => [low, high] } },
          axes: [xAxis(() => users.filter((each, i) => i === 0 || i === users.length - 1 || Number.isInteger(Math.log2(each))), (u, all) => all.map(tick)), yAxis(() => logTicks(low, high, high / low > 100 ? [1] : [1, 2, 5]))],
          cursor: { show: false },
          hooks: { drawAxes: [(u) => drawSweep(u, low, high, false)] },
        }));
    }
  }

  // -- in other colours and widths -------------------------------------------------------------------
  const rebuild = () => {
    for (const each of plots) {
      each.u.destroy();
      each.u = each.build();
    }
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", rebuild);
  let asked = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(rebuild);
  });
})();
