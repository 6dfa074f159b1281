// The new-test form: which fields to judge while typing, and what the browser itself has to do for them.
(() => {
  const form = document.getElementById("new-form");
  if (!form) return;
  const touched = new Set();

  const markWrong = (slot) => {
    const control = document.getElementById(slot.dataset.for);
    if (!control) return;
    if (slot.querySelector(".err")) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  };

  // A sentence about a field appears once the field was left, and then follows what is typed.
  const touch = (event) => {
    if (event.target.id) touched.add(event.target.id);
    // These decide together with their neighbours whether a request is right.
    const key = event.target.id?.match(/^(?:method|body_kind|file)-(\d+)$/)?.[1];
    if (key) for (const name of ["body_kind", "body", "file"]) touched.add(`${name}-${key}`);
    const place = event.target.id?.match(/^check_o[nf]-(\d+-\d+)$/)?.[1];
    if (place) touched.add(`check-${place}`);
    if (event.target.name === "end") for (const name of ["duration", "iterations"]) touched.add(name);
  };

  // A check needs a file's name and size, not its content.
  const withoutFiles = (body) => {
    for (const [name, value] of [...body.entries()]) {
      if (value instanceof File) {
        body.delete(name);
        if (!value.name) continue;
        body.set(name.replace("file-", "file_name-"), value.name);
        body.set(name.replace("file-", "file_bytes-"), String(value.size));
      } else if (name.startsWith("file_base64-")) {
        body.delete(name);
        const bytes = name.replace("file_base64-", "file_bytes-");
        if (!body.has(bytes)) body.set(bytes, String(Math.floor((value.length * 3) / 4)));
      }
    }
  };

  const busy = (on, button) => {
    const word = button.querySelector("span");
    if (on) {
      button.style.minWidth = `${button.offsetWidth}px`;
      button.dataset.word ??= word.textContent;
      button.setAttribute("aria-busy", "true");
      button.querySelector("use").setAttribute("href", button.dataset.icon.replace(/#.*/, "#i-spin"));
      word.textContent = button.dataset.busy;
    } else if (button.dataset.word) {
      button.removeAttribute("aria-busy");
      button.querySelector("use").setAttribute("href", button.dataset.icon);
      word.textContent = button.dataset.word;
    }
  };

  const removeRow = (button) => {
    const next = document.getElementById(button.dataset.then);
    button.closest(".row-item").remove();
    next?.focus();
    form.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const starts = [...form.querySelectorAll("#start, #why")];
  for (const button of starts) button.dataset.icon = button.querySelector("use").getAttribute("href");
  for (const slot of form.querySelectorAll(".err-slot")) {
    if (slot.querySelector(".err")) touched.add(slot.dataset.for);
  }
  form.addEventListener("change", touch, true);
  form.addEventListener("submit", (event) => {
    if (event.submitter?.name === "do") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "true";
    busy(true, starts.includes(event.submitter) ? event.submitter : starts[0]);
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest(".remove");
    if (!button) return;
    event.preventDefault();
    removeRow(button);
  });
  // Coming back with the browser's own button, the form can be sent again.
  window.addEventListener("pageshow", () => {
    delete form.dataset.sent;
    for (const button of starts) busy(false, button);
  });
  document.addEventListener("htmx:config:request", (event) => {
    const { ctx } = event.detail;
    if (!form.contains(ctx.sourceElement) || !(ctx.request.body instanceof FormData)) return;
    withoutFiles(ctx.request.body);
    for (const id of touched) ctx.request.body.append("touched", id);
  });
  new MutationObserver((changes) => {
    for (const change of changes) {
      const slot = change.target.closest?.(".err-slot");
      if (slot) markWrong(slot);
    }
  }).observe(form, { childList: true, subtree: true });
  // A link to a wrong field in the message at the top leads into the field, wherever it is folded away.
  document.getElementById("form-message")?.addEventListener("click", (event) => {
    const control = document.getElementById(event.target.hash?.slice(1) ?? "");
    if (!control) return;
    event.preventDefault();
    for (let el = control; el; el = el.parentElement) if (el.matches("details")) el.open = true;
    control.focus();
  });
})();
