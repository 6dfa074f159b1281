"""The history with 100,000 runs in its store: how fast each of its pages answers."""

from benchmarks.report import Section
from benchmarks.session import Session
from benchmarks.stored_runs import RUNS, answer_times, dashboard_with_runs, median_limit

_PAGES = {
    "list": "/runs",
    "search, many found": "/runs?search=checkout",
    "search, few found": "/runs?search=checkout+64+%239",
    "one status": "/runs?status=failed",
    "one label": "/runs?tag=v30",
    "a label on a third of all": "/runs?tag=nightly",
    "an address": "/runs?target=items%2F64",
    "a range of time": "/runs?since=2020-01-01&until=2100-01-01",
    "sorted by p95": "/runs?sort=p95",
    "searched and sorted by p95": "/runs?search=basket&sort=p95",
    "grouped by plan": "/runs?group=plan",
    "grouped by plan, searched": "/runs?search=basket&group=plan",
}


def run(session: Session) -> Section:
    """Rounds and seconds do not matter here."""
    with dashboard_with_runs() as client:
        key = client.get("/api/v1/runs", params={"limit": 1}).json()["items"][0]["plan_key"]
        pages = {**_PAGES, "a plan with its trend": f"/runs?plan={key}"}
        times = {name: answer_times(client, path) for name, path in pages.items()}
    return Section(
        f"History page with {RUNS:,} runs in the store",
        ["page", "median", "95th percentile"],
        [[name, f"{median:.1f} ms", f"{p95:.1f} ms"] for name, (median, p95) in times.items()],
        [median_limit(name, median) for name, (median, _) in times.items()],
    )
