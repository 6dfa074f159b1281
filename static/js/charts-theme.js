// Colours of the current theme, read from the style sheet.

/** A function that gives the value of a CSS variable, such as colour("--p50"). */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(name).trim();
}

/** `colour` (#rrggbb) made transparent. */
export function faded(colour, opacity) {
  return colour + Math.round(opacity * 255).toString(16).padStart(2, "0");
}
