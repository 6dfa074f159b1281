"""Checks, logins, certificates and the other flags of requests and connections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from webui.cli.flags import PlanFlags, plan_of
from webui.errors import InvalidInput
from webui.plan.model import BasicAuth, BearerAuth, HttpOptions, Plan

URL = "http://127.0.0.1:8000/items"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"


def plan(**flags: Any) -> Plan:
    return plan_of(URL, PlanFlags(**flags))


def problem(**flags: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        plan(**flags)
    [found] = caught.value.problems
    return str(found)


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("status == 200", {"on": "status", "is": "== 200"}),
        ("status<300", {"on": "status", "is": "<300"}),
        ("status 204", {"on": "status", "is": "204"}),
        ("time < 200ms", {"on": "time", "is": "< 200ms"}),
        ("size <= 10 kB", {"on": "size", "is": "<= 10 kB"}),
        ('body not contains "an error"', {"on": "body", "is": 'not contains "an error"'}),
        (r"body matches ^\{", {"on": "body", "is": r"matches ^\{"}),
        (
            "header Content-Type contains json",
            {"on": "header", "name": "Content-Type", "is": "contains json"},
        ),
        ("header ETag exists", {"on": "header", "name": "ETag", "is": "exists"}),
        ("json $.items[0].id == 3", {"on": "json", "path": "$.items[0].id", "is": "== 3"}),
        ('json "$[?@.a == 1].b" exists', {"on": "json", "path": "$[?@.a == 1].b", "is": "exists"}),
    ],
)
def test_a_check_of_each_kind(text: str, check: dict[str, str]) -> None:
    [made] = plan(checks=[text]).requests[0].checks
    assert made.model_dump(by_alias=True) == check


def test_checks_are_added_to_every_request_of_a_plan_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    requests: list[dict[str, Any]] = [{"path": "/a", "checks": [{"on": "size", "is": "> 0"}]}, {"path": "/b"}]
    path.write_text(json.dumps({"base_url": "http://h", "requests": requests, "load": {"users": 1}}))
    made = plan_of(str(path), PlanFlags(checks=["status == 200", "time < 1s"]))
    assert [[check.on for check in request.checks] for request in made.requests] == [
        ["size", "status", "time"],
        ["status", "time"],
    ]


def test_connection_flags() -> None:
    http = plan(
        timeout="2s", keepalive=False, follow_redirects=True, no_cookies=True, insecure=True, http2=True,
        proxy="http://127.0.0.1:3128", dns="per-connection", reconnect_backoff="500ms..5s", max_body="64MB",
    ).http  # fmt: skip
    assert http == HttpOptions(
        timeout_s=2, keepalive=False, follow_redirects=True, cookies=False, verify_tls=False, http2=True,
        proxy="http://127.0.0.1:3128", dns="per-connection", reconnect_backoff_s=(0.5, 5.0),
        max_body_bytes=64_000_000,
    )  # fmt: skip


def test_a_limit_of_redirects_follows_them() -> None:
    http = plan(max_redirects="3").http
    assert (http.follow_redirects, http.max_redirects) == (True, 3)


def test_logins() -> None:
    assert plan(user="me:a:b").http.auth == BasicAuth(type="basic", user="me", password="a:b")
    assert plan(bearer="abc").http.auth == BearerAuth(type="bearer", token="abc")


def test_certificates(tmp_path: Path) -> None:
    cert, key, both = tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "both.pem"
    cert.write_text(CERTIFICATE)
    key.write_text(KEY)
    both.write_text(KEY + CERTIFICATE)
    http = plan(cacert=str(cert), cert=str(cert), key=str(key)).http
    assert (http.ca_pem, http.client_cert_pem, http.client_key_pem) == (CERTIFICATE, CERTIFICATE, KEY)
    http = plan(cert=str(both)).http
    assert http.client_cert_pem == http.client_key_pem == KEY + CERTIFICATE
    assert problem(cert=str(cert)) == f"--cert: '{cert}' has no private key; name its file with --key"
    assert problem(cert=str(cert), key=str(cert)) == f"--key: '{cert}' has no private key"
    assert problem(key=str(key)) == "--key: goes with --cert"


def test_a_file_that_is_no_certificate(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("hello")
    assert problem(cacert=str(wrong)) == "--cacert: must be PEM text, which starts with -----BEGIN"
    wrong.write_bytes(b"\xff\xfe")
    assert problem(cacert=str(wrong)) == f"--cacert: the file '{wrong}' is not text"


def test_how_bodies_go() -> None:
    request = plan(data="x", chunked=True, expect_continue=True).requests[0]
    assert (request.chunked, request.expect_continue) == (True, True)


def test_abort_on_fail() -> None:
    rule = ["p95<1s"]
    assert plan(thresholds=rule).abort_on_fail_after_s is None
    assert plan(thresholds=rule, abort_on_fail=True).abort_on_fail_after_s == 0
    assert plan(thresholds=rule, abort_on_fail_after="10s").abort_on_fail_after_s == 10
    assert plan(thresholds=rule, abort_on_fail=True, abort_on_fail_after="1min").abort_on_fail_after_s == 60


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"checks": ["colour == red"]}, "--check: write a check such as 'status == 200', "),
        ({"checks": ["status"]}, "--check: write a check such as"),
        ({"checks": ["header == 3"]}, "--check: write a check such as"),
        ({"checks": [""]}, "--check: write a check such as"),
        ({"checks": ["status == ok"]}, "--check: write a rule such as == 200, not '== ok'"),
        ({"checks": ["status contains 2"]}, "--check: write a rule such as == 200, not 'contains 2'"),
        ({"checks": ["body matches ("]}, "--check: '(' is no regular expression"),
        ({"checks": ["json $.a[ == 3"]}, "--check: '$.a[' is no JSON path"),
        ({"checks": ["json $.a==3"]}, "--check: write a check such as"),
        ({"max_redirects": "0"}, "--max-redirects: must be 1 or more, not 0"),
        ({"max_redirects": "x"}, "--max-redirects: write a whole number"),
        ({"proxy": "proxy:3128"}, "--proxy: start the address with http:// or https://"),
        ({"dns": "never"}, "--dns: must be once or per-connection, not \"never\""),
        ({"max_body": "big"}, "--max-body: write a size such as 64MB, not 'big'"),
        ({"max_body": "0"}, "--max-body: must be 1 or more, not 0"),
        ({"cacert": "/nowhere/ca.pem"}, "--cacert: the file '/nowhere/ca.pem' cannot be read: no such file"),
        ({"user": "me"}, "--user: write NAME:PASSWORD, with a colon between the two"),
        ({"bearer": "a b"}, "--bearer: a token is made of visible ASCII characters, without spaces"),
        ({"bearer": "x", "user": "a:b"}, "--bearer: one login is enough; leave out this or --user"),
        ({"chunked": True}, "--chunked: no request has a body; give it one with --data"),
        ({"expect_continue": True}, "--expect-continue: no request has a body; give it one with --data"),
        ({"abort_on_fail": True}, "--abort-on-fail: there is no threshold that could fail; add one with"),
        ({"abort_on_fail_after": "1s"}, "--abort-on-fail-after: there is no threshold that could fail"),
        ({"thresholds": ["p95<1s"], "abort_on_fail_after": "x"}, "--abort-on-fail-after: write a time such"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_flag(flags: dict[str, Any], message: str) -> None:
    assert problem(**flags).startswith(message)
