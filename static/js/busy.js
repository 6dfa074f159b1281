// Shows "Stop everything" while something runs, on pages that were opened before it began too.
const control = document.getElementById("stop-all");

async function look() {
  if (document.hidden || control.open) return;
  try {
    const answer = await fetch("/busy");
    if (answer.ok) control.hidden = !(await answer.json()).busy;
  } catch {
    // the dashboard is gone for a moment: what is shown stays
  }
}

if (control) {
  setInterval(look, 5000);
  document.addEventListener("visibilitychange", look);
}
