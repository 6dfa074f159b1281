// The controls that change the load of a live run. The forms work without this; with it, the stepper shows
// the number asked for at once, waits for the last of several presses, and is never written to while it is in use.

const PRESSES_MS = 350; // further presses within this time are sent as one change
const USERS_STEP = 10;

const form = () => document.getElementById("adjust");
const input = () => document.getElementById("adjust-value");
let wanted = null; // the number asked for that the stream has not said yet
let accepted = false; // whether the server has taken it
let heard = false; // whether the stream has said a number since it was sent
let timer = 0;

/** About a tenth of a rate, with one digit, as webui/pages/run_controls.py has it. */
function rateStep(rate) {
  const tenth = rate / 10;
  if (tenth <= 0.1) return 0.1;
  const power = 10 ** Math.floor(Math.log10(tenth));
  return Math.max(0.1, Math.round(tenth / power) * power);
}

const number = (text) => Number(text.replace(/[,\s]/g, "").replace(/\/s$/, ""));

function stepped(value, sign, users) {
  if (users) return Math.max(1, Math.round(value) + sign * USERS_STEP);
  return Math.max(0.1, Number((value + sign * rateStep(value)).toFixed(6)));
}

function press(sign) {
  const field = input();
  const now = number(field.value);
  const base = Number.isFinite(now) ? now : Number(told() ?? 0);
  field.value = String(stepped(base, sign, field.name === "users"));
  want(PRESSES_MS);
}

function want(delay) {
  wanted = input().value;
  accepted = false;
  form().classList.add("waiting");
  clearTimeout(timer);
  timer = setTimeout(send, delay);
}

function send() {
  timer = 0;
  heard = false;
  if (form()) htmx.trigger(form(), "katydid:change");
}

/** What the stream last said the number is. */
const told = () => document.querySelector("#adjust-state data")?.value;

function sync() {
  const field = input();
  if (!field || told() === undefined) return;
  if (wanted !== null && Number(wanted) !== Number(told())) return;
  wanted = null;
  form().classList.remove("waiting");
  if (document.activeElement !== field) field.value = told();
}

/** The number is the stream's to say; it may have done so before the answer to the change came. */
function answered(ok) {
  if (timer) return; // pressed again in the meantime
  accepted = ok;
  if (heard || !ok) wanted = null;
  sync();
}

function said() {
  heard = true;
  if (accepted) wanted = null;
  sync();
}

function closeMenu(menu) {
  menu.open = false;
  menu.querySelector("summary").focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest('#adjust [name="by"]');
  if (button) {
    event.preventDefault();
    press(button.value === "more" ? 1 : -1);
  }
  const menu = document.querySelector("#add-time[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});
document.addEventListener("submit", (event) => {
  if (event.target !== form()) return;
  event.preventDefault();
  want(0);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (event.target === input()) {
    wanted = null;
    input().value = told() ?? input().value;
  }
  const menu = event.target.closest?.("#add-time[open]");
  if (menu) closeMenu(menu);
});
document.addEventListener("focusout", (event) => {
  if (event.target.id === "adjust-value" && wanted === null) setTimeout(sync);
});
document.addEventListener("htmx:finally:request", (event) => {
  const source = event.detail.ctx?.sourceElement;
  if (source && source === form()) answered(event.detail.ctx.response?.raw?.ok ?? false);
  const menu = source?.closest?.("#add-time");
  if (menu && event.detail.ctx.response?.raw?.ok) {
    document.getElementById("add-time-value").value = "";
    closeMenu(menu);
  }
});
new MutationObserver(said).observe(document.getElementById("controls"), {
  childList: true, subtree: true, attributes: true, attributeFilter: ["value", "data-applying"],
});
