"""A plan fills in the form, and the form makes a plan that does the same."""

from __future__ import annotations

from typing import Any

import pytest

from webui.pages.formplan import plan_from_fields
from webui.pages.prefill import beyond_the_form, fields_from_plan
from webui.plan.documents import plan_from_data
from webui.plan.request import FileBody

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
         "checks": [{"on": "status", "is": "== 200"}, {"on": "header", "name": "A", "is": "exists"},
                    {"on": "body", "is": "contains \"x\""}, {"on": "body", "is": "not exists"},
                    {"on": "body", "is": "matches ^a"}, {"on": "json", "path": "$.a", "is": "== 1"},
                    {"on": "size", "is": "> 0"}, {"on": "time", "is": "< 1s"}],
         "chunked": True, "expect_continue": True},
        {"method": "POST", "path": "/up",
         "body": {"type": "file", "filename": "a.bin", "content_base64": "AAEC", "content_type": "x/y"}},
    ],
    "load": {"users": 1200, "spawn_rate": 12.5, "duration_s": 90, "iterations": 5000},
    "think_time_s": [0.25, 1.5],
    "thresholds": ["p95<200ms", "success>99.9%"],
    "abort_on_fail_after_s": 0,
    "http": {"timeout_s": 2.5, "keepalive": False, "verify_tls": False, "follow_redirects": True,
             "max_redirects": 4, "http2": True, "proxy": "http://127.0.0.1:3128", "cookies": False,
             "auth": {"type": "bearer", "token": "t0ken"}, "dns": "per-connection", "max_body_bytes": 123457,
             "reconnect_backoff_s": [0.25, 3.0],
             "ca_pem": "-----BEGIN A-----\n", "client_cert_pem": "-----BEGIN B-----",
             "client_key_pem": " -----BEGIN C-----\n"},
    "graceful_stop_s": 0.0,
}  # fmt: skip


def test_starting_a_filled_in_form_does_the_same() -> None:
    plan = plan_from_data(RICH)
    again = plan_from_fields(fields_from_plan(plan))
    assert again.target_of(again.requests[0]).path == "/v1/items?x=1&q=a+b&r=1&r=2"
    assert [request.label for request in again.requests] == [request.label for request in plan.requests]
    assert beyond_the_form(plan) == []


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        ({"load": {"shape": "constant-rate", "rate_rps": 5}, "think_time_s": [1, 1]}, "think_time_s"),
        ({"http": {"max_redirects": 3}}, "http.max_redirects"),
        ({"load": {"users": 1, "spawn_rate": 0.0012345678901234567}}, "spawn_rate"),
        ({"note": "a\r\nb"}, "note"),
        ({"thresholds": [" p95<1s"]}, "thresholds"),
        ({"tags": [" a"]}, "tags"),
        ({"requests": [{"chunked": True}]}, "requests"),
        ({"requests": [{"method": "POST", "body": "a\rb"}]}, "requests[0].body"),
        ({"requests": [{"checks": [{"on": "body", "is": "contains\nx"}]}]}, "requests[0].checks[0].rule"),
    ],
)
def test_what_the_form_would_lose_is_found(changes: dict[str, Any], lost: str) -> None:
    plan = plan_from_data({"base_url": "http://a", "requests": [{}], "load": {"users": 1}, **changes})
    assert beyond_the_form(plan) == [lost]


def test_filling_in_again_changes_nothing() -> None:
    once = fields_from_plan(plan_from_data(RICH))
    assert fields_from_plan(plan_from_fields(once)) == once


def test_a_file_is_kept_with_its_name() -> None:
    again = plan_from_fields(fields_from_plan(plan_from_data(RICH)))
    body = again.requests[5].body
    assert isinstance(body, FileBody)
    assert (body.filename, body.encode(), body.content_type) == ("a.bin", b"\0\1\2", "x/y")
