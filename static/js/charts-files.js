// The menu of a chart's files: its picture is drawn here, its data is a link; either closes the menu.

import { savePicture } from "./charts-picture.js";

/** The figures that a button stands for: the one around it, or all of the card that it heads. */
function figuresOf(button) {
  const one = button.closest("figure, [data-figure]");
  return one ? [one] : [...button.closest("details.card").querySelectorAll("figure")];
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-picture]");
  for (const menu of document.querySelectorAll(".tools .menu[open]")) {
    if (!menu.contains(event.target) || event.target.closest("[data-picture], [data-csv]")) menu.open = false;
  }
  if (!button) return;
  for (const figure of figuresOf(button)) {
    const title = figure.querySelector("h2, h3").textContent.trim().toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-");
    savePicture(figure, `katydid-${title}.png`);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.(".tools .menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
