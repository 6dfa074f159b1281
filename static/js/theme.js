// Light, dark or as the system says. Runs in the head, before anything is painted, so that no page flashes.
(() => {
  const root = document.documentElement;
  const order = ["system", "light", "dark"];
  const key = "katydid-theme";

  const stored = () => {
    try {
      const theme = localStorage.getItem(key);
      return order.includes(theme) ? theme : "system";
    } catch {
      return "system"; // storage may be switched off
    }
  };

  const apply = (theme) => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
  };

  const label = (button, theme) => {
    button.dataset.shows = theme;
    button.setAttribute("aria-label", button.dataset[theme]);
    button.title = button.dataset[theme];
  };

  const choose = (button) => {
    const next = order[(order.indexOf(stored()) + 1) % order.length];
    try {
      localStorage.setItem(key, next);
    } catch {
      // the choice then lasts as long as the page
    }
    apply(next);
    label(button, next);
    document.dispatchEvent(new CustomEvent("katydid:theme", { detail: next }));
  };

  root.classList.add("js");
  apply(stored());
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    if (!button) return;
    label(button, stored());
    button.addEventListener("click", () => choose(button));
  });
  // Charts redraw in the new colours, also when the system's setting or another tab changes them.
  const announce = () => document.dispatchEvent(new CustomEvent("katydid:theme", { detail: stored() }));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", announce);
  window.addEventListener("storage", (event) => {
    if (event.key !== key) return;
    apply(stored());
    const button = document.getElementById("theme");
    if (button) label(button, stored());
    announce();
  });
  // Paper is light, the charts on it too.
  const print = (theme) => {
    apply(theme);
    announce();
  };
  window.addEventListener("beforeprint", () => print("light"));
  window.addEventListener("afterprint", () => print(stored()));
})();
