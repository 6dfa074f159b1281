// Looking closer: what is dragged over a chart goes through the same form that can be typed into. The server
// answers with the stretch's figures; here they are put in place of the whole run's, and into the address.

import "./charts-files.js";

export class Closer {
  constructor(charts) {
    this.charts = charts;
    this.form = document.getElementById("closer");
    this.state = document.getElementById("closer-state");
    charts.group.select = (from, to) => this.ask(from, to);
    this.form.addEventListener("click", (event) => this.reset(event));
    document.addEventListener("htmx:after:swap", () => this.read());
    this.read();
  }

  ask(from, to) {
    this.form.elements.from.value = from.toFixed(3);
    this.form.elements.to.value = to.toFixed(3);
    this.form.requestSubmit();
  }

  reset(event) {
    if (!event.target.closest("#closer-reset")) return;
    event.preventDefault();
    this.form.elements.from.value = "";
    this.form.elements.to.value = "";
    this.form.requestSubmit();
  }

  /** Shows what the server has answered, once. */
  read() {
    const text = this.state.textContent;
    this.charts.clearSelection();
    if (text === this.shown) return;
    const first = this.shown === undefined;
    this.shown = text;
    this.show(JSON.parse(text), first);
  }

  show(stretch, first) {
    for (const part of document.querySelectorAll("[data-whole]")) part.hidden = stretch !== null;
    for (const part of document.querySelectorAll("[data-closer]")) part.hidden = stretch === null;
    const words = stretch ? `${this.form.elements.from.value} to ${this.form.elements.to.value}` : "";
    for (const part of document.querySelectorAll(".stretch-words")) part.textContent = words;
    for (const link of document.querySelectorAll('[data-csv][href*="/charts/"]')) {
      const { pathname } = new URL(link.href);
      link.href = stretch ? `${pathname}?from_s=${stretch.from}&to_s=${stretch.to}` : pathname;
    }
    this.charts.select(stretch);
    if (!first) history.replaceState(history.state, "", address(stretch));
  }
}

function address(stretch) {
  const url = new URL(location.href);
  url.searchParams.delete("from");
  url.searchParams.delete("to");
  if (stretch) {
    url.searchParams.set("from", stretch.from);
    url.searchParams.set("to", stretch.to);
  }
  return url;
}
