"""Tokens, roles and what addresses need; when a dashboard may start without a token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from webui.errors import InvalidInput
from webui.security.access import Access, Need, Role, access_of, allows, needed, needs_token, new_token
from webui.settings import Settings, without_tokens

OPERATORS, VIEWERS = "operators-token-1", "viewers-token-123"
EVERYWHERE = "0.0.0.0"


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)  # type: ignore[call-arg]


def refusal(**given: Any) -> str:
    with pytest.raises(InvalidInput) as refused:
        access_of(settings(**given))
    return str(refused.value)


@pytest.mark.parametrize(
    ("method", "path", "need"),
    [
        ("GET", "/healthz", Need.NOTHING),
        ("GET", "/static/js/live.js", Need.NOTHING),
        ("POST", "/login", Need.NOTHING),
        ("POST", "/logout", Need.NOTHING),
        ("GET", "/s/abc", Need.SHARE),
        ("GET", "/s/abc/stream", Need.SHARE),
        ("POST", "/s/abc", Need.OPERATOR),
        ("GET", "/s/", Need.VIEWER),
        ("GET", "/s", Need.VIEWER),
        ("GET", "/", Need.VIEWER),
        ("GET", "/metrics", Need.VIEWER),
        ("GET", "/openapi.json", Need.VIEWER),
        ("GET", "/stream", Need.VIEWER),
        ("GET", "/runs/r_1/stream", Need.VIEWER),
        ("HEAD", "/runs/r_1", Need.VIEWER),
        ("OPTIONS", "/api/v1/runs", Need.VIEWER),
        ("GET", "/runs/r_1/edit", Need.OPERATOR),
        ("POST", "/runs", Need.OPERATOR),
        ("PATCH", "/api/v1/runs/r_1", Need.OPERATOR),
        ("DELETE", "/api/v1/runs/r_1", Need.OPERATOR),
        ("BREW", "/", Need.OPERATOR),
        ("GET", "/healthz/", Need.VIEWER),
        ("GET", "/healthzz", Need.VIEWER),
        ("GET", "/staticx", Need.VIEWER),
        ("GET", "//healthz", Need.VIEWER),
        ("GET", "/login\n", Need.VIEWER),
    ],
)
def test_what_an_address_needs(method: str, path: str, need: Need) -> None:
    assert needed(method, path) is need


def test_roles_have_what_they_need_and_no_more() -> None:
    allowed = {role: {need for need in Need if allows(role, need)} for role in Role}
    assert allowed[Role.OPERATOR] == set(Need)
    assert allowed[Role.VIEWER] == {Need.NOTHING, Need.SHARE, Need.VIEWER}
    assert allowed[Role.SHARE] == {Need.NOTHING, Need.SHARE}


def test_a_token_is_told_by_its_hash_and_not_kept() -> None:
    access = Access.of({Role.OPERATOR: OPERATORS, Role.VIEWER: VIEWERS})
    assert access.role_of(OPERATORS) is Role.OPERATOR
    assert access.role_of(VIEWERS) is Role.VIEWER
    for wrong in ("", OPERATORS[:-1], OPERATORS + "x", OPERATORS.upper(), "\udc80"):
        assert access.role_of(wrong) is None
    kept = repr([getattr(access, name) for name in Access.__slots__])
    assert OPERATORS not in kept
    assert VIEWERS not in kept
    assert repr(access) == "Access()"


def test_the_running_application_keeps_no_token(tmp_path: Path) -> None:
    given = settings(access_token=OPERATORS, viewer_token=VIEWERS, access_token_file=tmp_path)
    assert OPERATORS not in repr(given)
    kept = without_tokens(given)
    assert kept.access_token is None
    assert kept.viewer_token is None


def test_on_loopback_there_is_no_login() -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        assert not access_of(settings(host=host)).controlled
        assert not needs_token(settings(host=host))


@pytest.mark.parametrize(
    "more",
    [
        {"host": EVERYWHERE},
        {"host": "::"},
        {"host": "box.example"},
        {"host": "10.0.0.1"},
        {"allowed_host": ("katydid.example",)},
    ],
)
def test_what_others_can_reach_does_not_start_without_a_token(more: dict[str, Any]) -> None:
    assert needs_token(settings(**more))
    assert "access_token: is needed, as others can reach" in refusal(**more)
    assert access_of(settings(**more, access_token=OPERATORS)).controlled
    assert not access_of(settings(**more, access_control=False)).controlled
    assert not needs_token(settings(**more, access_control=False))


def test_a_token_is_asked_for_on_loopback_too_where_one_is_given() -> None:
    assert access_of(settings(access_token=OPERATORS)).controlled
    assert needs_token(settings(viewer_token=VIEWERS))
    assert "access_token: is needed" in refusal(viewer_token=VIEWERS)


def test_a_token_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{OPERATORS}\n")
    assert access_of(settings(access_token_file=file)).role_of(OPERATORS) is Role.OPERATOR
    assert "given twice" in refusal(access_token_file=file, access_token=OPERATORS)
    assert "no such file" in refusal(access_token_file=tmp_path / "other")
    file.write_bytes(b"\xff" * 20)
    assert "it is not text" in refusal(access_token_file=file)
    file.write_text("")
    assert "must have 16 characters or more, not 0" in refusal(access_token_file=file)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"access_token": "short"}, "access_token: must have 16 characters or more, not 5"),
        ({"access_token": ""}, "must have 16 characters or more, not 0"),
        ({"access_token": "with spaces in between"}, "printable ASCII without spaces"),
        ({"access_token": "umläute-umläute-umläute"}, "printable ASCII without spaces"),
        ({"access_token": OPERATORS, "viewer_token": OPERATORS}, "viewer_token: must be another"),
        ({"access_token": OPERATORS, "access_control": False}, "--no-access-control: goes without a token"),
    ],
)
def test_tokens_that_cannot_be_taken(given: dict[str, Any], sentence: str) -> None:
    said = refusal(**given)
    assert sentence in said
    assert OPERATORS not in said


def test_made_tokens_are_long_enough_and_differ() -> None:
    made = {new_token() for _ in range(100)}
    assert len(made) == 100
    assert all(len(token) == 43 for token in made)  # 256 bits
