"""What a link shows: when it opens, and a run without its target."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.analysis.made_runs import made_run
from webui.metrics.snapshot import ErrorCount, merge_time
from webui.plan.documents import plan_from_data, plan_to_json
from webui.runs.model import RunView
from webui.runs.shared import as_shared, why_closed
from webui.runs.state import RunStatus
from webui.store import ShareRecord

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOST = "api.internal.example"


def share(**fields: object) -> ShareRecord:
    """A link made a day ago."""
    return replace(ShareRecord("t", "r", NOW - timedelta(days=1)), **fields)


@pytest.mark.parametrize(
    ("record", "closed"),
    [
        (None, "unknown"),
        (share(), None),
        (share(expires_at=NOW + timedelta(seconds=1)), None),
        (share(expires_at=NOW), "expired"),
        (share(revoked_at=NOW, expires_at=NOW), "revoked"),
    ],
)
def test_why_a_link_does_not_open(record: ShareRecord | None, closed: str | None) -> None:
    assert why_closed(record, NOW) == closed


def view() -> RunView:
    """A run whose texts name its target in many ways."""
    made = made_run("r", seconds=3)
    plan = plan_from_data(
        {
            "name": f"GET http://{HOST}:8000/items",
            "note": f"on {HOST.upper()}, not on my{HOST}",
            "base_url": f"http://{HOST}:8000/v1",
            "requests": [
                {"path": "https://other.example/items"},
                {
                    "method": "POST",
                    "path": "/items",
                    "headers": {"X-Team": "blue"},
                    "body": {"type": "text", "text": f"to {HOST}"},
                },
            ],
            "load": {"shape": "constant-users", "users": 1, "duration_s": 3},
            "thresholds": ['endpoint("GET https://other.example/items").p95<100ms'],
            "http": {"proxy": "http://proxy.example:3128"},
        }
    )
    error = ErrorCount(1, 0, 0, "Connect call failed ('10.1.2.3', 8000)")
    rows = [replace(row, errors={(0, "connect_refused"): error}) for row in made.snapshots]
    return RunView(
        id="r_r",
        name=plan.name,
        plan=plan,
        status=RunStatus.PASSED,
        status_reason=f"Could not reach http://{HOST}:8000.",
        tags=[f"host {HOST}"],
        note=plan.note,
        created_at=NOW,
        snapshots=rows,
        total=merge_time(rows),
        load_s=3.0,
    )


def test_without_the_target_no_text_names_it() -> None:
    shown = as_shared(view(), hide_target=True)
    text = shown.result().model_dump_json() + plan_to_json(shown.plan)
    text += " ".join([shown.name, shown.status_reason, shown.note, *shown.tags, repr(shown.snapshots)])
    for secret in (HOST + ":", "other.example", "proxy.example", "10.1.2.3", "blue", f"on {HOST}"):
        assert secret not in text, secret
    assert f"my{HOST}" in shown.note  # another name that only ends alike
    assert shown.plan.base_url == "http://hidden.invalid/v1"
    assert [request.label for request in shown.plan.requests] == [
        "GET https://hidden-2.invalid/items", "POST /items",
    ]  # fmt: skip
    assert shown.result().thresholds[0].actual is not None  # the rule still finds its endpoint


def test_figures_stay_as_they_are() -> None:
    whole, shown = view().result(), as_shared(view(), hide_target=True).result()
    assert (shown.totals, shown.response_time_ms) == (whole.totals, whole.response_time_ms)
    assert shown.errors[0].count == whole.errors[0].count


def test_the_target_stands_where_it_is_not_hidden() -> None:
    assert as_shared(view(), hide_target=False).plan.base_url == f"http://{HOST}:8000/v1"
