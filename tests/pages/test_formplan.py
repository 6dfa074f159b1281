"""From the form to the plan: what is right is taken as typed, what is wrong is said beside its control."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from webui.errors import InvalidInput
from webui.pages.formplan import load_from_fields, plan_from_fields
from webui.pages.forms import CheckRow, FormFields, RequestFields
from webui.plan.model import BasicAuth

URL = "http://127.0.0.1:8000/items?a=1"
PEM = "-----BEGIN X-----\nAAAA\n-----END X-----\n"


def fields(request: dict[str, Any] | None = None, **changes: Any) -> FormFields:
    first = replace(RequestFields(url=URL), **(request or {}))
    return replace(FormFields(requests=(first,)), **changes)


def problems(form: FormFields) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        plan_from_fields(form)
    return {problem.field: problem.message for problem in caught.value.problems}


def test_a_url_and_the_defaults_make_a_plan() -> None:
    plan = plan_from_fields(fields())
    assert plan.base_url == "http://127.0.0.1:8000"
    assert plan.requests[0].path == "/items?a=1"
    assert (plan.load.users, plan.load.duration_s, plan.load.iterations) == (50, 30.0, None)
    assert plan.http.keepalive
    assert plan.http.verify_tls


def test_every_field_of_a_request_reaches_the_plan() -> None:
    request = plan_from_fields(
        fields(
            {
                "method": "POST",
                "name": "create",
                "weight": "2.5",
                "headers": "Accept: text/html\nX-A: 1",
                "body_kind": "json",
                "body": '{"a": [1]}',
                "statuses": "2xx, 404",
                "checks": (CheckRow("1", "status", "", "201"), CheckRow("2")),
                "chunked": True,
                "expect_continue": True,
            },
        )
    ).requests[0]
    assert (request.method, request.name, request.weight) == ("POST", "create", 2.5)
    assert request.headers == {"Accept": "text/html", "X-A": "1"}
    assert request.body is not None
    assert request.body.encode() == b'{"a":[1]}'
    assert request.success_statuses == ("2xx", "404")
    assert [check.is_ for check in request.checks] == ["201"]
    assert (request.chunked, request.expect_continue) == (True, True)


def test_every_field_of_the_load_reaches_the_plan() -> None:
    plan = plan_from_fields(
        fields(
            users="1,200",
            end="both",
            duration="1 min 30 s",
            iterations="5,000",
            spawn_rate="100/s",
            pause="500 ms to 2 s",
            grace="0",
        )
    )
    assert (plan.load.users, plan.load.duration_s, plan.load.iterations) == (1200, 90.0, 5000)
    assert plan.load.spawn_rate == 100.0
    assert plan.think_time_s == (0.5, 2.0)
    assert plan.graceful_stop_s == 0.0


def test_every_field_of_the_connections_reaches_the_plan() -> None:
    http = plan_from_fields(
        fields(
            timeout="2.5 s",
            keepalive=False,
            verify_tls=False,
            protocol="2",
            follow_redirects=True,
            max_redirects="3",
            cookies=False,
            proxy=" http://127.0.0.1:3128 ",
            dns="per-connection",
            backoff="0.5 s to 4 s",
            max_body="1 MiB",
        )
    ).http
    assert (http.timeout_s, http.keepalive, http.verify_tls) == (2.5, False, False)
    assert (http.http2, http.follow_redirects, http.max_redirects, http.cookies) == (True, True, 3, False)
    assert (http.proxy, http.dns, http.max_body_bytes) == ("http://127.0.0.1:3128", "per-connection", 1 << 20)
    assert http.reconnect_backoff_s == (0.5, 4.0)


def test_what_proves_who_asks_reaches_the_plan() -> None:
    login = {"auth": "basic", "auth_user": "ann", "auth_password": " secret "}
    http = plan_from_fields(fields(**login, ca_pem=PEM, client_cert_pem=PEM, client_key_pem=PEM)).http
    assert http.auth == BasicAuth(type="basic", user="ann", password=" secret ")
    assert (http.ca_pem, http.client_cert_pem, http.client_key_pem) == (PEM, PEM, PEM)


def test_thresholds_and_labels_reach_the_plan() -> None:
    rules = {"thresholds": "p95<200ms\n\nsuccess>99%", "abort": True, "abort_after": "5 s"}
    plan = plan_from_fields(fields(**rules, name=" Items ", tags='a, "b, c"', note="x\ny"))
    assert plan.thresholds == ("p95<200ms", "success>99%")
    assert plan.abort_on_fail_after_s == 5.0
    assert (plan.name, plan.tags, plan.note) == ("Items", ("a", "b, c"), "x\ny")


@pytest.mark.parametrize(
    ("end", "duration_s", "iterations"),
    [("duration", 30.0, None), ("iterations", None, 10_000), ("both", 30.0, 10_000), ("stop", None, None)],
)
def test_only_what_the_chosen_end_shows_is_read(
    end: str, duration_s: float | None, iterations: int | None
) -> None:
    load = load_from_fields(fields(end=end))
    assert load is not None
    assert (load.duration_s, load.iterations) == (duration_s, iterations)


def test_a_field_of_another_end_may_hold_nonsense() -> None:
    assert plan_from_fields(fields(end="stop", duration="soon", iterations="many")).load.duration_s is None


@pytest.mark.parametrize(
    ("request_changes", "changes", "control", "words"),
    [
        ({"url": ""}, {}, "url-0", "enter an address"),
        ({"url": "localhost:8000"}, {}, "url-0", "start the address with http://"),
        ({"url": "ftp://a"}, {}, "url-0", "http:// or https://"),
        ({"url": "http://"}, {}, "url-0", "no host"),
        ({"url": "http://a:99999/"}, {}, "url-0", "port"),
        ({"method": "FOO"}, {}, "method-0", "must be GET"),
        ({"headers": "Accept: a\nfoo"}, {}, "headers-0", "line 2 has no colon"),
        ({"headers": "A: \x01"}, {}, "headers-0", "control characters"),
        ({"body_kind": "text", "body": "x"}, {}, "body_kind-0", "carries no body"),
        ({"method": "POST", "body_kind": "json", "body": "{"}, {}, "body-0", "not valid JSON"),
        ({"method": "POST", "body_kind": "text", "body": "x" * 10_000_001}, {}, "body-0", "10 MB at most"),
        ({"method": "POST", "body_kind": "form", "body": "a=1\nb"}, {}, "body-0", "line 2"),
        ({"method": "POST", "body_kind": "form", "body": "a=1\na=2"}, {}, "body-0", "a second time"),
        ({"method": "POST", "body_kind": "file"}, {}, "file-0", "choose the file"),
        (
            {"method": "POST", "body_kind": "file", "file_name": "a", "file_bytes": 10_000_001},
            {}, "file-0", "not 10,000,001",
        ),
        ({"statuses": "999"}, {}, "statuses-0", "between 100 and 599"),
        ({"weight": "0"}, {}, "weight-0", "more than 0"),
        ({"weight": "heavy"}, {}, "weight-0", "write a number"),
        ({}, {"users": "0"}, "users", "must be 1 or more"),
        ({}, {"users": "-3"}, "users", "must be 1 or more"),
        ({}, {"users": "9" * 30}, "users", "whole number"),
        ({}, {"users": "many"}, "users", "whole number"),
        ({}, {"duration": "0"}, "duration", "must be 100 ms or more, not 0 s"),
        ({}, {"duration": "9999 h"}, "duration", "must be 168 h or less, not 9999 h"),
        ({}, {"duration": "soon"}, "duration", "such as 30 s"),
        ({}, {"end": "iterations", "iterations_per": "user", "iterations": "0"}, "iterations", "1 or more"),
        ({}, {"end": "iterations", "iterations": "0"}, "iterations", "must be 1 or more"),
        ({}, {"spawn_rate": "fast"}, "spawn_rate", "such as 100/s"),
        ({}, {"spawn_rate": "0"}, "spawn_rate", "more than 0"),
        ({}, {"pause": "3 s to 1 s"}, "pause", "shortest"),
        ({}, {"pause": "a to b to c"}, "pause", "write a pause"),
        ({}, {"timeout": "0"}, "timeout", "must be 1 ms or more, not 0 s"),
        ({}, {"pause": "2 h"}, "pause", "must be 1 h or less, not 2 h"),
        ({}, {"abort": True, "abort_after": "soon"}, "abort_after", "write a time"),
        ({}, {"follow_redirects": True, "max_redirects": "51"}, "max_redirects", "50 or less"),
        ({}, {"auth": "basic", "auth_user": "a:b"}, "auth_user", "no colon"),
        ({}, {"auth": "bearer"}, "auth_token", "must not be empty"),
        ({}, {"proxy": "127.0.0.1:3128"}, "proxy", "http://"),
        ({}, {"max_body": "2 GiB"}, "max_body", "must be 1 GiB or less, not 2 GiB"),
        ({}, {"max_body": "big"}, "max_body", "write a size"),
        ({}, {"ca_pem": "AAAA"}, "ca_pem", "-----BEGIN"),
        ({}, {"client_cert_pem": PEM}, "client_key_pem", "needs both"),
        ({"checks": (CheckRow("4", "status", "", "ok"),)}, {}, "check-0-4", "such as == 200"),
        ({"checks": (CheckRow("1"), CheckRow("2", "header", "", "exists"))}, {}, "check-0-2", "empty"),
        ({"checks": (CheckRow("1", "matches", "", "("),)}, {}, "check-0-1", "no regular expression"),
        ({"checks": (CheckRow("1", "contains", "", " "), CheckRow("2", "json", "$[", "1"))}, {},
         "check-0-2", "no JSON path"),
        ({"checks": (CheckRow("1", "size", "", "< 10 pounds"),)}, {}, "check-0-1", "such as < 10kB"),
        ({}, {"grace": "-1"}, "grace", "write a time"),
        ({}, {"thresholds": "p95<200ms\nfoo"}, "thresholds", "line 2: "),
        ({}, {"tags": "x" * 61}, "tags", "60 characters"),
        ({}, {"name": "a\tb"}, "name", "printable"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_at_its_control(
    request_changes: dict[str, Any], changes: dict[str, Any], control: str, words: str
) -> None:
    found = problems(fields(request_changes, **changes))
    assert list(found) == [control]
    assert words in found[control]


def test_all_mistakes_are_said_at_once() -> None:
    found = problems(fields({"url": "", "headers": "foo"}, users="0", duration="soon", thresholds="x"))
    assert set(found) == {"url-0", "headers-0", "users", "duration", "thresholds"}


def test_mistakes_of_a_further_request_carry_its_key() -> None:
    first, blank = RequestFields(url=URL), RequestFields(key="2")
    wrong = RequestFields(key="7", url="items", headers="foo")
    nameless = RequestFields(key="8", headers="A: b")
    found = problems(FormFields(requests=(first, blank, wrong, nameless)))
    assert set(found) == {"url-7", "headers-7", "url-8"}


def test_a_request_left_empty_is_left_out() -> None:
    plan = plan_from_fields(FormFields(requests=(RequestFields(url=URL), RequestFields(key="1"))))
    assert len(plan.requests) == 1


def test_two_requests_of_one_name_are_a_mistake_of_the_whole_form() -> None:
    found = problems(FormFields(requests=(RequestFields(url=URL), RequestFields(key="1", url="/items"))))
    assert list(found) == [""]
    assert "GET /items" in found[""]


def test_checks_of_every_kind_reach_the_plan() -> None:
    rows = [
        CheckRow("1", "status", "", "< 300"),
        CheckRow("2", "header", "Content-Type", "contains json"),
        CheckRow("3", "contains", "", '"items"'),
        CheckRow("4", "matches", "", r"id: \d+"),
        CheckRow("5", "body", "", "not contains error"),
        CheckRow("6", "json", "$.items[0].id", "== 3"),
        CheckRow("7", "size", "", "< 10 kB"),
        CheckRow("8", "time", "", "< 200 ms"),
    ]
    plan = plan_from_fields(fields({"checks": tuple(rows)}))
    assert [(check.on, check.is_) for check in plan.requests[0].checks] == [
        ("status", "< 300"), ("header", "contains json"), ("body", 'contains "items"'),
        ("body", r"matches id: \d+"), ("body", "not contains error"), ("json", "== 3"), ("size", "< 10 kB"),
        ("time", "< 200 ms"),
    ]  # fmt: skip


@pytest.mark.parametrize("shape", ["rate", "burst"])
def test_a_pause_belongs_to_shapes_of_users(shape: str) -> None:
    assert plan_from_fields(fields(shape=shape, pause="nonsense")).think_time_s == (0.0, 0.0)


def test_what_is_not_ticked_or_chosen_is_not_read() -> None:
    plan = plan_from_fields(
        fields({"chunked": True}, abort_after="x", max_redirects="x", auth_user="a:b", auth_token="ä")
    )
    assert plan.abort_on_fail_after_s is None
    assert plan.http.auth is None
    assert not plan.requests[0].chunked
