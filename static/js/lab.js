// The lab's pages: a button says that it is at work until the answer has come.

const WORD = "span";

function busy(button, on) {
  const word = button.querySelector(WORD);
  const use = button.querySelector("use");
  if (on) {
    button.style.minWidth = `${button.offsetWidth}px`;
    button.dataset.word = word.textContent;
    button.dataset.icon = use.getAttribute("href");
    use.setAttribute("href", button.dataset.icon.replace(/#.*/, "#i-spin"));
    word.textContent = button.dataset.busy;
  } else {
    use.setAttribute("href", button.dataset.icon);
    word.textContent = button.dataset.word;
    button.style.minWidth = "";
  }
  button.setAttribute("aria-busy", String(on));
}

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.dataset.busy) return;
  if (button.getAttribute("aria-busy") === "true") event.preventDefault();
  else setTimeout(() => busy(button, true)); // not before the form's data have been read
});

// What is asked for again and again waits while nobody looks. (A condition in hx-trigger would need eval.)
document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden && event.detail.ctx?.sourceElement?.id.endsWith("-poll")) event.preventDefault();
});

document.addEventListener("htmx:finally:request", (event) => {
  const source = event.detail.ctx?.sourceElement;
  for (const button of source?.querySelectorAll?.('[aria-busy="true"]') ?? []) busy(button, false);
});

// Back to this page from the browser's memory: nothing is at work any more.
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll('[aria-busy="true"]').forEach((button) => busy(button, false));
});
