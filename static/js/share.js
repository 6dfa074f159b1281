// Copy buttons, and the focus after a share link was made.

const SHOWN_MS = 2000;

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text); // browsers refuse the clipboard on plain http from another machine
  }
}

function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr-only";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

async function pressed(button) {
  const source = button.dataset.copyFrom;
  await copy(source ? document.getElementById(source).textContent : button.dataset.copy);
  button.focus();
  button.classList.add("copied");
  document.getElementById("announce").textContent = button.querySelector(".done").textContent;
  setTimeout(() => button.classList.remove("copied"), SHOWN_MS);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (button) pressed(button);
});

document.addEventListener("htmx:after:swap", () => {
  const fresh = document.querySelector("[data-copy][data-new]");
  if (!fresh) return;
  fresh.removeAttribute("data-new");
  fresh.focus();
});
