"""What a link shows: when it opens, and a run without its target."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.analysis.made_runs import made_run
from webui.metrics.snapshot import ErrorCount, merge_time
from webui.plan.documents import plan_from_data, plan_to_data, plan_to_json
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


@pytest.mark.parametrize(
    ("base", "text", "shown"),
    [
        ("http://shop.example:8000", "http%3A%2F%2Fshop.example%3A80%2Fx", "http%3A%2F%2Fhidden.invalid%2Fx"),
        ("http://shop.example", "shop.example-nightly", "hidden.invalid-nightly"),
        ("http://shop.example", "http://grafana.Shop.example/d", "http://grafana.hidden.invalid/d"),
        ("http://10.1.2.3:80", "10.1.2.3-nightly, not 10.1.2.30", "hidden.invalid-nightly, not 10.1.2.30"),
        ("http://[fd00::1]:80", "http%3A%2F%2F%5Bfd00%3A%3A1%5D%3A80", "http%3A%2F%2Fhidden.invalid"),
        ("http://bücher.example", "on Bücher.example", "on hidden.invalid"),
        ("http://api", "api, http://api:80/, api-docs", "hidden.invalid, http://hidden.invalid/, api-docs"),
    ],
)  # fmt: skip
def test_a_host_is_found_wherever_it_stands(base: str, text: str, shown: str) -> None:
    plan = plan_from_data({**plan_to_data(view().plan), "base_url": base})
    assert as_shared(replace(view(), plan=plan, note=text), hide_target=True).note == shown


@pytest.mark.parametrize("host", ["http", "get", "json", "status", "constant-users", "once"])
def test_a_host_may_be_called_as_a_part_of_a_plan_is(host: str) -> None:
    checks = [{"on": "status", "is": "== 200"}]
    request = {"method": "POST", "path": "/a", "body": {"type": "json", "value": 1}, "checks": checks}
    data = {**plan_to_data(view().plan), "base_url": f"http://{host}/v1", "requests": [request]}
    plan = plan_from_data({**data, "thresholds": [], "http": {}})
    shown = as_shared(replace(view(), plan=plan), hide_target=True).plan
    assert shown.base_url == "http://hidden.invalid/v1"
    assert shown.load == plan.load


def test_figures_stay_as_they_are() -> None:
    whole, shown = view().result(), as_shared(view(), hide_target=True).result()
    assert (shown.totals, shown.response_time_ms) == (whole.totals, whole.response_time_ms)
    assert shown.errors[0].count == whole.errors[0].count


def test_the_target_stands_where_it_is_not_hidden() -> None:
    assert as_shared(view(), hide_target=False).plan.base_url == f"http://{HOST}:8000/v1"
