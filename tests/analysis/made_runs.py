"""Runs made by hand, to compare: their figures are drawn, so that the truth about them is known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from webui.analysis.compare import Compared
from webui.analysis.document import AuditPart, RunDocument
from webui.analysis.results import measured_parts, rows
from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import EndpointStats, ErrorCount, Snapshot, Totals, merge_time
from webui.plan.documents import plan_from_data, plan_to_data

S = 1_000_000_000
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def made_run(
    name: str,
    *,
    seconds: int = 60,
    each: int = 200,
    ms: float = 20.0,
    failures: int = 0,
    seed: int = 1,
    tail: float = 0.0,
    document: dict[str, Any] | None = None,
    **plan: Any,
) -> Compared:
    """A run of `seconds` intervals with about `each` successes of about `ms`; a share `tail` of them takes
    ten times as long. `plan` and `document` override what those have."""
    random = np.random.default_rng(seed)
    snapshots = [_interval(at, each, ms, failures, tail, random) for at in range(seconds)]
    data = {
        "name": name,
        "base_url": "http://127.0.0.1:9",
        "requests": [{"path": "/items"}],
        "load": {"shape": "constant-users", "users": 5, "duration_s": max(seconds, 1)},
    }
    parsed = plan_from_data({**data, **plan})
    total = merge_time(snapshots) if snapshots else None
    values: dict[str, Any] = {
        "id": f"r_{name}",
        "name": name,
        "status": "passed",
        "plan": plan_to_data(parsed),
        "created_at": NOW,
        "started_at": NOW,
        "duration_s": float(seconds),
        "shards": 1,
        "snapshots": rows(snapshots),
        "audit": AuditPart(trustworthy=True),
        **measured_parts(parsed, total, float(seconds)),
        **(document or {}),
    }
    return Compared(RunDocument.model_validate(values), snapshots)


def _interval(
    at: int, each: int, ms: float, failures: int, tail: float, random: np.random.Generator
) -> Snapshot:
    count = max(1, round(each * (1 + 0.02 * random.normal())))
    took = ms * 1e6 * np.exp(0.1 * random.normal(size=count))
    took[random.random(count) < tail] *= 10
    response = Histogram.of(took.astype(np.int64))
    ended = count + failures
    totals = Totals(ended, ended, ended, count, failures)
    codes = {200: count, 500: failures} if failures else {200: count}
    failed = Histogram.of([round(ms * 1e6)] * failures)
    stats = EndpointStats(totals, codes, response, response, failed, response)
    errors = {(0, "http_500"): ErrorCount(failures, at * S, at * S, "no")} if failures else {}
    return Snapshot(at * S, (at + 1) * S, 5, 5, 5, 0, 5 * S, (stats,), errors)
