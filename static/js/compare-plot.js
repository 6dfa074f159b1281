// What the charts of a comparison have in common: a line for each run, letters at their ends, one tooltip.

import { LEFT, moveByKeys } from "./charts-axes.js";
import { pushApart } from "./charts-numbers.js";
import { colours } from "./charts-theme.js";

export const RIGHT = 34; // room for the letters
const END_GAP = 20;
const DASHES = { "": [], dash: [7, 3], dot: [2, 4], dashdot: [9, 3, 3, 3], long: [12, 3] };

/** A plot of `runs`. A subclass gives data(), options() and rows(idx): [title, [[letter, text]…]]. */
export class ComparePlot {
  constructor(box, runs) {
    Object.assign(this, { box, runs, u: null });
    const part = (kind) => box.parentElement.querySelector(`[data-${kind}="${box.dataset.plot}"]`);
    this.tip = part("tip");
    this.ends = part("ends");
    moveByKeys(box, () => this.u);
  }

  get few() {
    return this.box.clientWidth < 480;
  }

  build() {
    this.u?.destroy();
    const data = this.data();
    this.box.closest("figure").classList.toggle("empty-charts", data[0].length === 0);
    this.u = new uPlot({ ...this.common(), ...this.options(colours()) }, data, this.box);
    this.labelEnds();
  }

  resize() {
    if (!this.u) return;
    this.u.setSize({ width: this.box.clientWidth, height: this.box.clientHeight });
    this.labelEnds();
  }

  common() {
    const colour = colours();
    return {
      width: this.box.clientWidth,
      height: this.box.clientHeight,
      padding: [7, RIGHT, 0, 0],
      legend: { show: false },
      select: { show: false },
      series: [{}, ...this.runs.map(({ letter, stroke }) => ({
        label: letter, scale: "y", stroke: colour(`--s-${letter.toLowerCase()}`),
        width: stroke === "dot" ? 2.5 : 2, dash: DASHES[stroke], spanGaps: false, points: { show: false },
      }))],
      cursor: {
        y: false,
        drag: { setScale: false, x: false, y: false },
        points: { size: 6, width: 0, fill: (u, i) => u.series[i].stroke() },
      },
      hooks: { setCursor: [(u) => this.showTip(u)] },
    };
  }

  /** Each run's letter beside the end of its line, pushed apart where they would cover one another. */
  labelEnds() {
    const { u } = this;
    const shown = this.runs.flatMap(({ letter }, i) => {
      const last = u.data[i + 1].findLast((value) => value !== null && value !== undefined);
      return last === undefined ? [] : [[letter, u.valToPos(last, "y")]];
    });
    const top = u.over.offsetTop + this.box.offsetTop;
    const places = pushApart(shown.map(([, place]) => place), END_GAP, u.over.clientHeight);
    this.ends.replaceChildren(...shown.map(([letter], i) => {
      const end = document.createElement("span");
      end.className = `letter s s-${letter}`;
      end.textContent = letter;
      end.style.top = `${top + places[i]}px`;
      return end;
    }));
  }

  showTip(u) {
    const { idx, left } = u.cursor;
    const own = this.box.matches(":hover") || document.activeElement === this.box;
    this.tip.hidden = idx === null || idx === undefined || left < 0 || !own;
    if (this.tip.hidden) return;
    const [title, rows] = this.told(idx);
    this.tip.querySelector(".t").textContent = title;
    this.tip.querySelector("dl").replaceChildren(...rows.flatMap(([letter, text]) => this.line(letter, text)));
    const room = this.box.clientWidth - this.tip.offsetWidth;
    const beside = LEFT + left + 14;
    this.tip.style.left = `${beside > room ? Math.max(0, LEFT + left - this.tip.offsetWidth - 14) : beside}px`;
    this.tip.style.top = `${this.box.offsetTop - 4}px`;
  }

  line(letter, text) {
    const [term, value, key] = ["dt", "dd", "span"].map((name) => document.createElement(name));
    key.className = `key ${this.runs.find((run) => run.letter === letter).stroke} k-${letter}`;
    term.append(key, letter);
    value.textContent = text;
    return [term, value];
  }
}
