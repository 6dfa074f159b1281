// The run page: draws the charts, and follows the run's stream, which htmx's hx-sse receives. hx-sse swaps the
// fragments, connects again by itself with Last-Event-ID, and closes the stream while the tab is hidden, so
// that a browser's six connections to a server are not used up by tabs that nobody sees.

import { Charts } from "./charts.js";
import { Closer } from "./closer.js";
import { watchTabs } from "./tabs.js";

const TITLE_MS = 5000; // how often a hidden tab looks how the test goes, for its title
const SILENCE_MS = 16000; // three pings and a little: after that a connection is taken for lost

/** The message on a lost connection, with the seconds until the next attempt. */
class Lost {
  constructor(retryNow) {
    this.message = document.getElementById("lost");
    this.seconds = this.message.querySelector("[data-seconds]");
    this.message.querySelector("[data-try-now]").addEventListener("click", retryNow);
  }

  show(delayMs) {
    clearInterval(this.clock);
    const due = performance.now() + delayMs;
    this.clock = setInterval(() => this.tick(due), 250);
    this.tick(due);
    if (this.message.hidden) announce(this.message.querySelector("b").textContent);
    this.message.hidden = false;
    document.body.classList.add("stale");
  }

  tick(due) {
    const left = Math.ceil((due - performance.now()) / 1000);
    this.message.querySelector("[data-retry]").hidden = left <= 0;
    this.message.querySelector("[data-trying]").hidden = left > 0;
    this.seconds.textContent = Math.max(1, left);
  }

  hide() {
    clearInterval(this.clock);
    this.message.hidden = true;
    document.body.classList.remove("stale");
  }
}

class Stream {
  constructor(element, charts) {
    Object.assign(this, { element, connection: null, done: false, gone: false, resuming: false, refusals: 0 });
    this.lost = new Lost(() => this.retryNow());
    const on = (name, handle) => element.addEventListener(name, handle);
    on("htmx:sse:before:connection", (event) => this.beforeConnection(event));
    on("htmx:sse:after:connection", (event) => this.connected(event.detail.connection));
    on("htmx:sse:before:message", () => this.heard());
    on("htmx:sse:error", (event) => this.judge(event.detail.status));
    on("htmx:error", () => this.firstFailed());
    on("htmx:response:error", (event) => this.firstFailed(event.detail.ctx.response.status));
    on("rows", (event) => charts.update(JSON.parse(event.detail.data)));
    on("end", () => this.ended());
    document.addEventListener("visibilitychange", () => this.seenOrHidden());
    addEventListener("online", () => this.retryNow());
    addEventListener("pagehide", () => this.connection?.abortController?.abort());
    this.start();
  }

  /** Connects once htmx has taken the element in: before that it would not hear. */
  start() {
    if (this.element._htmx) this.connect();
    else document.addEventListener("htmx:after:process", () => this.connect(), { once: true });
  }

  connect() {
    htmx.trigger(this.element, "katydid:connect");
  }

  beforeConnection(event) {
    const { connection } = event.detail;
    this.connection = connection;
    if (connection.attempt === 0) return;
    if (this.gone) {
      event.preventDefault();
      this.showGone();
    } else if (this.resuming) {
      setTimeout(() => connection.delayCanceller?.()); // nothing was wrong: no need to wait
    } else {
      const { reconnectDelay, reconnectMaxDelay } = connection.config;
      this.lost.show(Math.min(reconnectDelay * 2 ** (connection.attempt - 1), reconnectMaxDelay));
    }
  }

  connected(connection) {
    this.connection = connection;
    this.resuming = false;
    this.refusals = 0;
    this.lost.hide();
    this.heard();
  }

  heard() {
    clearTimeout(this.watchdog);
    if (!this.done) this.watchdog = setTimeout(() => this.connection?.reader?.cancel(), SILENCE_MS);
  }

  judge(status) {
    this.gone = status === 404 || status === 410;
  }

  /** hx-sse does not repeat the very first connection when that fails. */
  firstFailed(status) {
    this.judge(status);
    if (this.gone) return this.showGone();
    const delay = Math.min(1000 * 2 ** this.refusals, 15000);
    this.refusals += 1;
    this.lost.show(delay);
    this.again = setTimeout(() => this.connect(), delay);
  }

  retryNow() {
    if (this.done || this.gone) return;
    if (this.connection?.delayCanceller) this.connection.delayCanceller();
    else if (this.refusals) {
      clearTimeout(this.again);
      this.connect();
    }
  }

  seenOrHidden() {
    clearTimeout(this.watchdog);
    clearInterval(this.titles);
    if (!document.hidden) this.resuming = true;
    else if (!this.done && !this.gone) this.titles = setInterval(askTitle, TITLE_MS);
  }

  showGone() {
    this.lost.hide();
    document.getElementById("gone").hidden = false;
    document.body.classList.add("stale");
  }

  ended() {
    this.done = true;
    clearTimeout(this.watchdog);
    this.lost.hide();
  }
}

/** The title of a tab that nobody looks at: it says when the test has ended. */
async function askTitle() {
  try {
    const answer = await fetch(`${location.pathname}/title`);
    if (answer.ok && document.hidden) document.title = await answer.text();
  } catch {
    // the page says so when it is looked at again
  }
}

function announce(text) {
  document.getElementById("announce").textContent = text;
}

const data = JSON.parse(document.getElementById("chart-data").textContent);
const charts = new Charts(document.getElementById("charts"), data);
new Closer(charts);
const stream = document.getElementById("stream");
if (stream) new Stream(stream, charts);
watchTabs(document.querySelector(".tabs"));
