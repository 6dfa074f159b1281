"""Whatever a server sends, in whatever pieces: every request ends exactly once, in one kind of outcome.

A few thousand examples by default; KATYDID_TEST_EXAMPLES=100000 makes it so many.
"""

from __future__ import annotations

import gzip
import os
import zlib
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.lone_user import LoneUser

EXAMPLES = int(os.environ.get("KATYDID_TEST_EXAMPLES", "2000"))
many = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

BODY = b'{"items": [{"id": 3}]}'
GZIPPED, DEFLATED = gzip.compress(BODY), zlib.compress(BODY)


def answer(*lines: str, status: int = 200, body: bytes = b"") -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status} X", *lines, f"Content-Length: {len(body)}", "", ""])
    return head.encode("latin-1") + body


WHOLE = [
    answer(body=BODY),
    answer("Content-Encoding: gzip", body=GZIPPED),
    answer("Content-Encoding: gzip", body=GZIPPED[:-3]),
    answer("Content-Encoding: deflate", body=DEFLATED),
    answer("Content-Encoding: br, gzip", body=GZIPPED),
    answer("Set-Cookie: a=b; Path=/", body=BODY),
    answer("Set-Cookie: a=; Max-Age=0", "Set-Cookie: \x80=\xff; Domain=.", body=BODY),
    answer("Location: /next", status=302),
    answer("Location: /next", "Set-Cookie: r=1", status=307, body=b"moved"),
    answer("Location: http://b.test/", status=308),
    answer("Location: http://b.test/", "Connection: close", status=303),
    answer("Location: \xff\x00://", status=301),
    answer("Location: ftp://b.test/", status=301),
    answer(status=301),
    answer(status=503, body=b"busy"),
    answer("Connection: close", body=BODY),
    b"HTTP/1.1 204 No\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n" + BODY,
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    + b"%x\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (len(GZIPPED), GZIPPED),
    b"HTTP/1.1 302 X\r\nLocation: /c\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
]
PARTS = [
    b"HTTP/1.1 ", b"200 OK\r\n", b"302 F\r\n", b"\r\n", b"\r\n\r\n", b"Content-Length: 3\r\n", b"abc",
    b"Content-Length: 999999999999\r\n", b"Transfer-Encoding: chunked\r\n", b"3\r\n", b"0\r\n\r\n",
    b"Location: ", b"/\r\n", b"Set-Cookie: ", b"a=b\r\n", b"Content-Encoding: gzip\r\n", GZIPPED, b"\x00",
    b"Connection: close\r\n", b"HTTP/1.0 200 OK\r\n",
]  # fmt: skip
DATA = st.one_of(st.sampled_from(WHOLE), st.sampled_from(PARTS), st.binary(max_size=30))
ENDS = st.sampled_from(["closes", "resets"])
STEPS = st.lists(st.one_of(DATA, DATA, DATA, ENDS), max_size=14)

CHECKS = [
    {"on": "header", "name": "Content-Length", "is": "exists"},
    {"on": "size", "is": "> 0"},
    {"on": "body", "is": "contains items"},
    {"on": "json", "path": "$.items[0].id", "is": "== 3"},
]
KINDS = {"connection_closed", "connection_reset", "protocol_error", "body_too_large", "check_failed"}


@many
@given(
    steps=STEPS,
    cuts=st.lists(st.integers(1, 40), max_size=30),
    checked=st.booleans(),
    method=st.sampled_from(["GET", "HEAD", "POST"]),
    follow=st.booleans(),
    cookies=st.booleans(),
    keepalive=st.booleans(),
)
def test_every_request_ends_exactly_once_whatever_the_server_sends(
    steps: list[bytes | str],
    cuts: list[int],
    checked: bool,
    method: str,
    follow: bool,
    cookies: bool,
    keepalive: bool,
) -> None:
    request: dict[str, Any] = {"method": method, "checks": CHECKS if checked else []}
    http = {
        "follow_redirects": follow, "cookies": cookies, "keepalive": keepalive,
        "max_redirects": 3, "max_body_bytes": 10_000,
    }  # fmt: skip
    lone = LoneUser([request, {"path": "/plain", "name": "plain"}], http)
    for step in steps:
        _take(lone, step, cuts)
    lone.cut_off()
    _check_books(lone)


def _take(lone: LoneUser, step: bytes | str, cuts: list[int]) -> None:
    before = lone.ended
    if isinstance(step, str):
        lone.end(None if step == "closes" else ConnectionResetError())
        assert lone.ended in (before, before + 1)  # a redirect that ends with its connection is followed
        return
    while step:
        before, size = lone.ended, cuts.pop() if cuts else len(step)
        lone.feed(step[:size])
        step = step[size:]
        assert lone.ended - before in (0, 1)
        assert lone.recorder.in_flight == 1


def _check_books(lone: LoneUser) -> None:
    recorder = lone.recorder
    assert recorder.in_flight == recorder.connections_open == 0
    begun = sum(log.begun for log in recorder.logs)
    assert lone.ended == begun
    assert sum(log.cut_off for log in recorder.logs) == 1
    for index, log in enumerate(recorder.logs):
        counted = [error.count for (endpoint, _), error in recorder._errors.items() if endpoint == index]
        assert sum(counted) == log.failures == len(log.failed.pending)
        assert sum(log.codes) == log.successes + log.completed_failures == len(log.first_byte.pending)
    for _, kind in recorder._errors:
        assert kind in KINDS or kind.startswith("http_")
