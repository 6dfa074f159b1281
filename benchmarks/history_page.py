"""The history with 1,000 runs in its store: how fast it answers, whole and searched."""

from benchmarks.report import Section
from benchmarks.session import Session
from benchmarks.stored_runs import RUNS, answer_times, dashboard_with_runs


def run(session: Session) -> Section:
    """Rounds and seconds do not matter here."""
    with dashboard_with_runs() as client:
        rows, limit = answer_times(client, "/runs")
        searched, _ = answer_times(client, "/runs?search=Items+9")
    return Section(
        f"History page with {RUNS:,} runs in the store",
        ["figure", "value"],
        [*rows, *([f"{name}, with a search", value] for name, value in searched)],
        [limit],
    )
