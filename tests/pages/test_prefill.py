"""A plan fills in the form, and the form makes a plan that does the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.pages.formplan import pause_from_text, plan_from_fields
from webui.pages.prefill import duration_text, fields_from_plan
from webui.plan.documents import plan_from_data
from webui.plan.model import Plan
from webui.plan.request import FileBody
from webui.units import parse_duration

RICH: dict[str, Any] = {
    "name": "Mix",
    "base_url": "https://example.org:8443/v1",
    "tags": ["workers=1", "a, b"],
    "note": "two\nlines",
    "requests": [
        {"path": "/items?x=1", "query": {"q": "a b", "r": ["1", "2"]}, "headers": {"Accept": "a/b"}},
        {"method": "POST", "path": "/items", "name": "create", "weight": 2.5, "success_statuses": ["201"],
         "body": {"type": "json", "value": {"name": "lämp", "n": None}}},
        {"method": "PUT", "path": "/f", "body": {"type": "form", "fields": {"a": "1=2", "b": " x "}}},
        {"method": "PUT", "path": "/g", "body": {"type": "form", "fields": {"a": "two\nlines"}}},
        {"method": "PATCH", "path": "https://other.example/t", "body": "text\nmore",
         "checks": [{"on": "status", "is": "== 200"}]},
        {"method": "POST", "path": "/up",
         "body": {"type": "file", "filename": "a.bin", "content_base64": "AAEC", "content_type": "x/y"}},
    ],
    "load": {"users": 1200, "spawn_rate": 12.5, "duration_s": 90, "iterations": 5000},
    "think_time_s": [0.25, 1.5],
    "thresholds": ["p95<200ms", "success>99.9%"],
    "http": {"timeout_s": 2.5, "keepalive": False, "verify_tls": False},
    "graceful_stop_s": 0.0,
}  # fmt: skip


def meaning(plan: Plan) -> Any:
    """What a plan does: where each request goes and what it carries, and everything else as it is."""
    requests = [
        (r.method, plan.target_of(r).origin, plan.target_of(r).path, r.name, r.weight, r.headers,
         r.body and (r.body.encode(), r.body.content_type), r.success_statuses, r.checks)
        for r in plan.requests
    ]  # fmt: skip
    rest = plan.model_dump(exclude={"requests", "base_url"})
    return requests, rest


def test_starting_a_filled_in_form_does_the_same() -> None:
    plan = plan_from_data(RICH)
    again = plan_from_fields(fields_from_plan(plan))
    assert again.target_of(again.requests[0]).path == "/v1/items?x=1&q=a+b&r=1&r=2"
    (requests, rest), (requests_again, rest_again) = meaning(plan), meaning(again)
    assert requests_again[1:] == requests[1:]
    assert rest_again == rest


def test_filling_in_again_changes_nothing() -> None:
    once = plan_from_fields(fields_from_plan(plan_from_data(RICH)))
    assert meaning(plan_from_fields(fields_from_plan(once))) == meaning(once)


def test_a_file_is_kept_with_its_name() -> None:
    again = plan_from_fields(fields_from_plan(plan_from_data(RICH)))
    body = again.requests[5].body
    assert isinstance(body, FileBody)
    assert (body.filename, body.encode(), body.content_type) == ("a.bin", b"\0\1\2", "x/y")


@given(st.floats(0, 604_800, allow_nan=False))
def test_durations_read_back_exactly(seconds: float) -> None:
    assert parse_duration(duration_text(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(30, "30 s"), (120, "2 min"), (5400, "90 min"), (7200, "2 h"), (0.25, "250 ms"), (1.5, "1.5 s")],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@given(st.floats(0, 3600), st.floats(0, 3600))
def test_pauses_read_back_exactly(one: float, other: float) -> None:
    low, high = sorted((one, other))
    plan = plan_from_data(
        {"base_url": "http://a", "requests": [{}], "load": {"users": 1}, "think_time_s": [low, high]}
    )
    assert pause_from_text(fields_from_plan(plan).pause) == (low, high)
