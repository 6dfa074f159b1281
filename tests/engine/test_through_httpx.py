"""HTTP/2 and proxies: the same books, kinds of failure, redirects, cookies and checks, through httpx."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from tests.engine.drive import run
from tests.protocols import Http2Target, Proxy
from tests.targets import Respond, Seen, Target, after, always, reply


def test_http2_in_one_connection_a_user() -> None:
    with Http2Target() as target:
        result = run(target.url, users=3, iterations=30, http2=True, verify_tls=False)
    assert result.totals.successes == target.requests == 30
    assert target.connections == result.total.connections_opened == 3
    assert result.total.connect.total == result.total.tls.total == 3
    assert target.last is not None
    assert target.last.headers["user-agent"].startswith("katydid/")
    assert target.last.headers["cookie"] == "a=b"
    assert 0 < result.totals.bytes_received < 30 * 200
    assert 0 < result.totals.bytes_sent < 30 * 200


def test_http2_with_checks() -> None:
    checks = [
        {"on": "body", "is": "contains k"},
        {"on": "size", "is": "== 2"},
        {"on": "header", "name": "Set-Cookie", "is": "exists"},
    ]
    with Http2Target() as target:
        url, options = target.url, {"http2": True, "verify_tls": False}
        passing = run(url, iterations=3, requests=[{"checks": checks}], **options)
        bad = [{"on": "body", "is": "contains x"}]
        failing = run(url, iterations=3, requests=[{"checks": bad}], **options)
        large = run(url, iterations=3, max_body_bytes=1, **options)
    assert passing.totals.successes == 3
    assert failing.errors == {"check_failed": 3}
    assert large.errors == {"body_too_large": 3}


def test_http2_that_breaks_off() -> None:
    with Http2Target(abrupt=True) as target:
        result = run(target.url, iterations=6, http2=True, verify_tls=False)
    assert result.totals.successes == 3
    assert result.totals.failures == 3
    assert set(result.errors) <= {"connection_closed", "connection_reset"}
    assert target.requests == 6  # nothing is sent twice


@pytest.mark.parametrize("tls", [False, True])
def test_a_proxy(tls: bool) -> None:
    with Target(tls=tls) as target, Proxy() as proxy:
        result = run(target.url, users=2, iterations=20, proxy=proxy.url, verify_tls=False)
    assert result.totals.successes == target.requests == 20
    assert proxy.connections == target.connections == 2
    assert result.total.connections_opened == 2


def test_a_proxy_that_refuses() -> None:
    with socket.socket() as taken, Target() as target:
        taken.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{taken.getsockname()[1]}"
        result = run(target.url, iterations=2, proxy=proxy)
    assert result.errors == {"connect_refused": 2}
    assert result.totals.bytes_sent == 0
    [error] = result.total.errors.values()
    assert error.sample.startswith(f"the proxy {proxy}: ")


def test_what_is_wrong_with_the_target_is_not_put_on_the_proxy() -> None:
    with Target(tls=True) as target, Proxy() as proxy:
        result = run(target.url, iterations=1, proxy=proxy.url)
    [((_, kind), error)] = result.total.errors.items()
    assert kind == "tls_error"
    assert "proxy" not in error.sample


@pytest.mark.parametrize("through", ["http2", "proxy"])
def test_connections_that_fail_are_tried_again_after_a_pause_that_grows(through: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
        options: dict[str, Any] = {"http2": True} if through == "http2" else {"proxy": closed}
        result = run(closed, users=2, duration_s=0.8, **options)
    assert 2 <= result.errors["connect_refused"] <= 2 * 4  # at 0, 0.1, 0.3 and 0.7 s


def test_tls_that_fails_is_tried_again_after_a_pause_that_grows() -> None:
    with Target(tls=True) as target:
        result = run(target.url, duration_s=0.6, http2=True)
    assert 1 <= result.errors["tls_error"] <= 3  # at 0, 0.1 and 0.3 s


async def routes(seen: Seen, writer: asyncio.StreamWriter) -> None:
    if seen.path == "/":
        writer.write(reply(b"", 303, "Location: /there\r\nSet-Cookie: in=1\r\n"))
    else:
        writer.write(reply(f"{seen.method} {seen.headers.get('cookie')}".encode()))


def test_redirects_and_cookies_are_the_engines_own() -> None:
    request = {
        "method": "POST", "path": "/", "body": "x" * 50, "chunked": True,
        "checks": [{"on": "body", "is": "== GET in=1"}],
    }  # fmt: skip
    with Target(routes) as target:
        result = run(target.url, users=2, iterations=8, requests=[request], http2=True, follow_redirects=True)
    assert (result.totals.successes, result.totals.redirects, target.requests) == (8, 8, 16)
    assert result.totals.bytes_sent > 16 * 100


def test_without_keepalive() -> None:
    with Target() as target:
        result = run(target.url, users=2, iterations=8, http2=True, keepalive=False)
    assert result.totals.successes == target.connections == result.total.connections_opened == 8


async def hangs_up(seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(reply(b"x" * 100)[:50])
    writer.close()


@pytest.mark.parametrize(
    ("respond", "kind"),
    [
        (always(b"SSH-2.0-x\r\n\r\n"), "protocol_error"),
        (always(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"), "protocol_error"),
        (hangs_up, "connection_closed"),
        (always(reply(b"", headers=f"X-Long: {'x' * 70_000}\r\n")), "protocol_error"),
        (always(reply(b"", headers=f"X-Long: {'x' * 400_000}\r\n")), "protocol_error"),
        (after(5), "timeout"),
        (always(reply(b"no", 503)), "http_503"),
    ],
)
def test_failures_have_the_kinds_that_they_have_elsewhere(respond: Respond, kind: str) -> None:
    with Target(respond) as target:
        result = run(target.url, users=2, iterations=6, http2=True, timeout_s=0.3)
    assert result.errors == {kind: 6}
    assert target.requests == 6


def test_failures_to_connect() -> None:
    assert run("http://nowhere.invalid", iterations=1, http2=True).errors == {"dns_error": 1}
    with Target(tls=True) as target:
        assert run(target.url, iterations=2, http2=True).errors == {"tls_error": 2}


def test_a_stop_cuts_off_at_once() -> None:
    with Target(after(10)) as target:
        result = run(target.url, users=4, http2=True, stop_after_s=0.2, graceful_stop_s=0)
    assert result.totals.cut_off == result.totals.sent == 4
