"""Runs to export: with failures, checks, several requests and a text in every place that takes one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from webui.analysis.baseline import Baseline
from webui.metrics import codec
from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import EndpointStats, ErrorCount, Health, Mark, Snapshot, StepStats, Totals
from webui.plan.documents import plan_from_data, plan_to_data
from webui.runs.model import RunView
from webui.runs.stored import view_of
from webui.runs.summary import load_text, target_text
from webui.store import RunRecord

S, MS = 1_000_000_000, 1_000_000
START = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
SECRET = "hunter2-s3cr3t"
# What HTML, a script, XML, CSV, a formula, Markdown and a terminal would each take for their own.
PAYLOAD = "=1+1|</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;`@all`[x](http://y)*b*"
ODD = "\u2028-x,\t;#{} ]]> <!-- é 漢"
PLAN: dict[str, Any] = {
    "base_url": "http://127.0.0.1:9",
    "name": PAYLOAD,
    "note": f"{ODD} token={SECRET}",
    "tags": [PAYLOAD[:40]],
    "requests": [
        {
            "path": f"/items?api_key={SECRET}",
            "name": f"GET /items?api_key={SECRET}",
            "headers": {"Authorization": f"Bearer {SECRET}", "Cookie": f"id={SECRET}", "X-Odd": PAYLOAD},
            "checks": [{"on": "status", "is": "< 500"}, {"on": "body", "is": "contains items"}],
        },
        {"method": "POST", "path": "/odd", "name": f"=cmd {PAYLOAD}", "body": {"type": "text", "text": ODD}},
    ],
    "load": {"shape": "constant-users", "users": 5, "duration_s": 3},
    "thresholds": ["p95<200ms", "success>99%", f'endpoint("GET /items?api_key={SECRET}").max<1ms'],
}


def row(index: int, *, successes: int = 120, failures: int = 3) -> Snapshot:
    """One second of two requests: the first has times around 10 ms, and failures of two kinds."""
    times = Histogram.of([(8 + (i * 7 + index) % 40) * MS // 10 + 10 * MS for i in range(successes)])
    failed = Histogram.of([(30 + i) * MS for i in range(failures)])
    ended = successes + failures
    first = EndpointStats(
        Totals(ended + 1, ended, ended, successes, failures, 0, 1, 700, 9000),
        {200: successes, 503: failures},
        times,
        times,
        failed,
        times,
    )
    slow = Histogram.of([2_000 * MS] * 2)
    second = EndpointStats(Totals(2, 2, 2, 2, 0, 0, 0, 10, 20), {201: 2}, slow, slow, Histogram.of([]), slow)
    sample = f"body should contain items, was {PAYLOAD} password={SECRET}"
    errors = {
        (0, "http_503"): ErrorCount(failures - 1, index * S, index * S + 5, f"{ODD} Bearer {SECRET}"),
        (0, "check_failed"): ErrorCount(1, index * S + 7, index * S + 9, sample),
    }
    return Snapshot(
        index * S, (index + 1) * S, 5, 3, 5, 5 if not index else 0, 3 * S, (first, second),
        errors if failures else {}, Histogram.of([MS] * 5), Histogram.of([]),
        Health(S // 5, S, 20.0, Histogram.of([MS // 10] * 100), Histogram.of([MS // 10] * 100)),
        (Mark(1, S, "users", 6.0),) if index == 1 else (),
    )  # fmt: skip


def run(status: str = "failed", *, rows: int = 3, run_id: str = "r_7h3k9m2p4q", **changes: Any) -> RunView:
    """A stored run; `changes` are of its plan."""
    plan = plan_from_data({**PLAN, **changes})
    live = status in ("queued", "running", "stopping")
    snapshots = [row(index) for index in range(rows)]
    if plan.load.shape == "sweep":
        snapshots[-1:] = [with_steps(snapshots[-1])]
    rules = {"p95<baseline+10%": 190.5}
    record = RunRecord(
        id=run_id,
        name=plan.title,
        status=status,
        status_reason=f"{PAYLOAD} {SECRET}",
        target=target_text(plan),
        load=load_text(plan),
        created_at=START,
        started_at=START + timedelta(milliseconds=50),
        ended_at=None if live else START + timedelta(seconds=rows),
        tags=plan.tags,
        plan=plan_to_data(plan),
        note=plan.note,
        shards=1,
        load_s=float(rows),
        baseline=Baseline(run_id="r_0", name=PAYLOAD, values=rules).model_dump(mode="json"),
    )
    return view_of(record, [codec.encode(each) for each in snapshots], START + timedelta(seconds=rows))


def with_steps(snapshot: Snapshot) -> Snapshot:
    """The row of a sweep at whose end two levels were measured."""
    steps = tuple(StepStats(users, 0, S, S // 10, snapshot.endpoints[0], "level") for users in (1, 40))
    return replace(snapshot, steps=steps)
