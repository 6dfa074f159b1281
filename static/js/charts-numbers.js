// Numbers, ticks and ranges for the charts. Pure. The rules are the same as webui/units.py's.

const grouped = (text) => text.replace(/\B(?=(\d{3})+(?!\d))/g, ",");

/** Three significant digits, thousands separated; "–" where there is no value. */
export function significant(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const magnitude = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(3)))));
  const [whole, decimals] = Number(value.toPrecision(3)).toFixed(Math.max(0, 2 - magnitude)).split(".");
  return grouped(whole) + (decimals ? `.${decimals}` : "");
}

/** An exact whole number with thousands separators. */
export const count = (value) => (value === null || value === undefined ? "–" : grouped(String(Math.round(value))));

/** A measured time in ms: "57.9 ms", "1.84 s". */
export function milliseconds(value) {
  if (value === null || value === undefined) return "–";
  return value >= 999.5 ? `${significant(value / 1000)}\u00a0s` : `${significant(value)}\u00a0ms`;
}

/** A percentage with two decimals; "100%" and "0%" only when exact. */
export function percent(value) {
  if (value === null || value === undefined) return "–";
  if (value >= 100) return "100%";
  return value <= 0 ? "0%" : `${Math.min(99.99, Math.max(0.01, value)).toFixed(2)}%`;
}

const COUNTED = new Set(["users", "in_flight"]);

/** A column's value: counts exactly, what was measured with three digits. */
export const figure = (column, value) => (COUNTED.has(column) ? count(value) : significant(value));

/** A value with its unit as the charts' tooltips show it. */
export function withUnit(column, value, unit) {
  if (unit === "ms") return milliseconds(value);
  return figure(column, value) + (value === null || value === undefined ? "" : unit);
}

/** A clock reading: "3:12", "1:02:05"; below one minute with tenths where the axis has them. */
export function timer(seconds, tenths = false) {
  const whole = Math.floor(seconds + 1e-9);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  const part = tenths ? `.${Math.floor((seconds - whole) * 10 + 1e-6)}` : "";
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}${part}`;
}

/** The end of the time axis: it moves in steps, so that the picture does not creep. */
export function timeEnd(elapsed, planned) {
  if (planned && elapsed > planned) return elapsed; // the last responses came after the planned end
  if (planned && planned <= 30) return planned;
  const step = AXIS_STEPS.find(([until]) => elapsed <= until)[1];
  return planned ? Math.min(stepUp(elapsed, Math.max(step, 30)), planned) : stepUp(elapsed, step);
}

const AXIS_STEPS = [[10, 10], [600, 30], [3600, 60], [21600, 300], [Infinity, 3600]];
const stepUp = (value, step) => Math.max(step, Math.ceil(value / step - 1e-9) * step);

const TIME_STEPS = [0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400];

/** Round moments from 0 to `end`, at most `most` steps. */
export function timeTicks(end, most) {
  const least = end >= 3 ? 1 : 0; // below that, whole seconds would be too few
  const step = TIME_STEPS.find((candidate) => candidate >= least && end / candidate <= most) ?? 7 * 86400;
  return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, place) => place * step);
}

/** The step of an axis from 0 to `top` that has `most` steps at most. */
function roundStep(top, most) {
  const power = 10 ** Math.floor(Math.log10(top / most));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => top / step <= most + 1e-9);
}

/** A round end of an axis for values up to `value`, which falls on the highest of its ticks. */
export function roundUp(value, most) {
  if (!(value > 0)) return 1;
  const step = roundStep(value, most);
  return Number((Math.ceil(value / step - 1e-9) * step).toPrecision(6));
}

/** Round values from 0 to `top`, at most `most` steps. */
export function valueTicks(top, most) {
  const step = roundStep(top, most);
  const ticks = Array.from({ length: Math.floor(top / step + 1e-9) + 1 }, (_, place) => place * step);
  return ticks.map((tick) => Number(tick.toPrecision(6)));
}

/** A tick without trailing zeros: "1,500", "0.5". */
export const tickText = (value) => {
  const [whole, decimals] = String(Number(value.toPrecision(6))).split(".");
  return grouped(whole) + (decimals ? `.${decimals}` : "");
};

/** Ticks of a logarithmic axis at 1, 2 and 5 steps, or at powers of ten where those are too many. */
export function logTicks(low, high, most) {
  const ticks = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
    for (const factor of [1, 2, 5]) ticks.push(Number((factor * power).toPrecision(3)));
  }
  const inside = ticks.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
  if (inside.length <= most) return inside;
  const powers = inside.filter((tick) => Math.abs(Math.log10(tick) - Math.round(Math.log10(tick))) < 1e-9);
  return powers.length >= 2 ? powers : inside.filter((_, place) => place % Math.ceil(inside.length / most) === 0);
}

/** A tick of a latency axis: "10 ms", "1 s", "200 µs". */
export function latencyTick(value) {
  if (value >= 1000) return `${tickText(value / 1000)} s`;
  return value >= 1 ? `${tickText(value)} ms` : `${tickText(value * 1000)} µs`;
}

/** Moves labels apart: positions (in px, any order) become at least `gap` apart within [0, height]. */
export function pushApart(places, gap, height) {
  const order = places.map((place, index) => ({ place, index })).sort((a, b) => a.place - b.place);
  for (let i = 1; i < order.length; i += 1) {
    order[i].place = Math.max(order[i].place, order[i - 1].place + gap);
  }
  for (let i = order.length - 1; i >= 0; i -= 1) {
    const limit = i === order.length - 1 ? height : order[i + 1].place - gap;
    order[i].place = Math.min(order[i].place, limit);
  }
  const result = [];
  for (const { place, index } of order) result[index] = place;
  return result;
}

/** A limit of the axis at 1, 2 or 5 times a power of ten. */
export function outward(value, round) {
  const power = 10 ** Math.floor(Math.log10(value));
  const steps = [1, 2, 5, 10].map((factor) => Number((factor * power).toPrecision(3)));
  if (round === Math.floor) return steps.filter((step) => step <= value * 1.0001).pop() ?? power;
  return steps.find((step) => step >= value * 0.9999) ?? 10 * power;
}
