"""What a shared result must not give away, and what it has to keep."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.plan.documents import plan_from_data, plan_to_data, plan_to_json
from webui.plan.model import Plan
from webui.security.redaction import HIDDEN, Redactor, redact_plan, redact_text


def plan_of(*requests: dict[str, Any], **more: Any) -> Plan:
    load = {"shape": "constant-users", "users": 1, "duration_s": 1}
    return plan_from_data({"base_url": "http://host.test", "requests": list(requests), "load": load, **more})


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("GET http://joe:s3same@host/items failed", "s3same"),
        ("http://host/items?api_key=s3same&page=2", "s3same"),
        ("Authorization: Bearer s3same.more\nAccept: */*", "s3same"),
        ("sent Bearer s3sameS3same", "s3same"),
        ("Basic dXNlcjpwYXNz was refused", "dXNlcjpwYXNz"),
        ('{"detail": "no", "password": "s3\\"same"}', "same"),
        ("{'token': 's3same'}", "s3same"),
        ("set-cookie: id=s3same; Path=/", "s3same"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def", "eyJzdWIiOiIxIn0"),
    ],
)
def test_credentials_are_hidden_in_text(text: str, secret: str) -> None:
    assert secret not in redact_text(text)
    assert HIDDEN in redact_text(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"detail":"database pool exhausted"}',
        "127.0.0.1:8000 refused the connection",
        "Basic authentication failed",
        "invalid token supplied",
        "no response headers within 2 s",
        "http://host/items?page=2&sort=name",
    ],
)
def test_plain_text_stays(text: str) -> None:
    assert redact_text(text) == text


def test_a_plan_keeps_everything_but_its_secrets() -> None:
    plan = plan_of(
        {
            "method": "POST",
            "path": "/items?token=path-secret&page=2",
            "headers": {"Authorization": "Bearer head-secret", "Accept": "text/html"},
            "query": {"api_key": ["query-secret", "query-secret-2"], "q": "shoes"},
            "body": {"type": "json", "value": {"user": "joe", "deep": [{"password": "json-secret"}]}},
        },
        {
            "method": "POST",
            "path": "/form",
            "body": {"type": "form", "fields": {"pwd": "form-secret", "a": "b"}},
        },
        {
            "method": "PUT",
            "path": "/file",
            "body": {"type": "file", "filename": "a.bin", "content_base64": "ZmlsZS1zZWNyZXQ="},
        },
        note="sent with head-secret",
    )
    text = plan_to_json(redact_plan(plan))
    assert "-secret" not in text
    assert "ZmlsZS1zZWNyZXQ=" not in text
    for kept in ("page=2", "text/html", "shoes", "joe", "a.bin", '"a": "b"'):
        assert kept in text


def test_a_redacted_plan_is_a_valid_plan_and_redacting_again_changes_nothing() -> None:
    plan = plan_of({"path": "/a?key=abcdef", "headers": {"Cookie": "id=abcdef"}})
    once = redact_plan(plan)
    assert plan_from_data(plan_to_data(once)) == once
    assert redact_plan(once) == once


def test_a_known_secret_is_hidden_wherever_it_turns_up() -> None:
    plan = plan_of({"path": "/a", "headers": {"X-Api-Key": "correct horse/battery"}})
    redactor = Redactor.of(plan)
    assert "horse" not in redactor.text("server said: correct horse/battery is wrong")
    assert "horse" not in redactor.text("/a?x=correct%20horse%2Fbattery")
    assert "horse" not in redactor.text("/a?x=correct+horse%2Fbattery")


def test_a_short_secret_does_not_hide_half_the_page() -> None:
    plan = plan_of({"path": "/a?token=1"})
    assert Redactor.of(plan).text("11 requests in 1 s") == "11 requests in 1 s"


def test_names_that_differ_in_the_secret_only_stay_distinct() -> None:
    plan = plan_of(
        {"path": "/a", "name": "with first-secret", "headers": {"Authorization": "first-secret"}},
        {"path": "/a", "name": "with other-secret", "headers": {"Authorization": "other-secret"}},
    )
    labels = [request.label for request in redact_plan(plan).requests]
    assert len(set(labels)) == 2


@given(st.text(alphabet=st.characters(min_codepoint=48, max_codepoint=122), min_size=8, max_size=40))
def test_no_header_secret_survives_anywhere(secret: str) -> None:
    plan = plan_of(
        {"path": "/a", "name": f"call {secret}", "headers": {"Authorization": f"Bearer {secret}"}},
        note=f"use {secret} here",
    )
    redacted = redact_plan(plan)
    texts = [redacted.note, redacted.requests[0].label, *redacted.requests[0].headers.values()]
    if secret not in HIDDEN:
        assert all(secret not in text.replace(HIDDEN, "") for text in texts)


KEY = "-----BEGIN PRIVATE KEY-----\nc3NhbWU=\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("http", "secrets"),
    [
        ({"auth": {"type": "basic", "user": "joe", "password": "s3same"}}, ("s3same", "am9lOnMzc2FtZQ==")),
        ({"auth": {"type": "bearer", "token": "s3same-token"}}, ("s3same-token",)),
        ({"client_cert_pem": "-----BEGIN CERTIFICATE-----", "client_key_pem": KEY}, ("c3NhbWU=",)),
    ],
)
def test_logins_and_keys_are_hidden_wherever_they_stand(
    http: dict[str, Any], secrets: tuple[str, ...]
) -> None:
    plan = plan_of({"path": "/", "headers": {"X-Note": secrets[0]}}, http=http, note=f"with {secrets[-1]}")
    text = plan_to_json(redact_plan(plan))
    assert not [secret for secret in secrets if secret in text]
    again = plan_from_data(plan_to_data(redact_plan(plan)))
    assert (again.http.auth is None, again.http.client_key_pem is None) == (
        "auth" not in http,
        "client_key_pem" not in http,
    )


def test_checks_on_secrets_stay_valid_rules() -> None:
    checks = [
        {"on": "header", "name": "Set-Cookie", "is": 'contains "s3same"'},
        {"on": "json", "path": "$.token", "is": '== "s3same"'},
        {"on": "body", "is": "matches (token=s3same)"},
        {"on": "body", "is": "contains items"},
    ]
    redacted = redact_plan(plan_of({"path": "/", "checks": checks}))
    again = plan_from_data(plan_to_data(redacted))
    assert "s3same" not in plan_to_json(again)
    assert again.requests[0].checks[3].is_ == "contains items"


def test_samples_of_failed_checks_tell_no_secret() -> None:
    text = redact_text('header set-cookie should be contains x, was "id=s3same"')
    assert text == f"header set-cookie should be {HIDDEN}"
    newer = redact_text('header set-cookie should not contain x, was "id=s3same"')
    assert newer == f"header set-cookie should not contain {HIDDEN}"
    there = redact_text('header set-cookie should not exist, was "id=s3"')
    assert there == f"header set-cookie should {HIDDEN}"
    plain = "header etag should exist, was null"
    assert redact_text(plain) == plain
