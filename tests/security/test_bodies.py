"""Bodies of requests: counted as they arrive, and not waited for without end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from tests.security.conftest import Guarded
from webui.security import bodies
from webui.security.bodies import MAX_BYTES, BodyLimits, limit_of

pytestmark = pytest.mark.anyio


async def reading(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that tells how much came, and takes any fault for its own."""
    try:
        told, status = str(len(await Request(scope, receive).body())), 200
    except Exception as error:  # noqa: BLE001 - that is what it is for
        told, status = f"my own words: {error}", 422
    await PlainTextResponse(told, status)(scope, receive, send)


async def answer(request: Request, error: Exception) -> Response:
    status, headers = getattr(error, "status_code", 500), getattr(error, "headers", None)
    return PlainTextResponse(f"refused: {getattr(error, 'detail', error)}", status, headers)


async def ask(parts: list[bytes], *, ends: bool = True, length: str | None = None) -> tuple[int, str, bytes]:
    """Status, text and the header Connection of the answer to a body in these parts, which may not end."""
    waiting, sent = list(parts), []

    async def receive() -> Message:
        if not waiting and not ends:
            await forever()
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting) or not ends}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [] if length is None else [(b"content-length", length.encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "query_string": b""}
    await BodyLimits(reading, answer=answer)(scope, receive, send)
    text = b"".join(message.get("body", b"") for message in sent).decode()
    return sent[0]["status"], text, dict(sent[0]["headers"]).get(b"connection", b"")


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


async def test_a_body_under_the_limit_comes_through_whole() -> None:
    assert await ask([b"x" * 600_000, b"", b"x" * 400_000]) == (200, "1000000", b"")


@pytest.mark.parametrize("length", [None, "7", "not a number"])
async def test_bytes_are_counted_whatever_was_announced(length: str | None) -> None:
    status, text, connection = await ask([b"x" * MAX_BYTES, b"x", b"never read"], length=length)
    assert (status, connection) == (413, b"")
    assert text == "refused: What is sent here may have 1.00\N{NO-BREAK SPACE}MB at most."


@pytest.mark.parametrize("length", ["1000001", "9" * 5000])
async def test_what_is_announced_as_too_large_is_not_read(length: str) -> None:
    status, text, _ = await ask([], ends=False, length=length)
    assert (status, text.partition(":")[0]) == (413, "refused")


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE_S", 0.02)
    status, text, connection = await ask([b"x" * 100], ends=False)
    assert (status, connection) == (408, b"close")
    assert "100\N{NO-BREAK SPACE}B were there" in text


async def test_what_comes_buys_time_at_the_slowest_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE_S", -1.0)
    assert (await ask([b"x"]))[0] == 408
    clock = iter([0.0, *(20.0 + 10 * turn for turn in range(20))])
    monkeypatch.setattr(bodies, "monotonic", lambda: next(clock))
    monkeypatch.setattr(bodies, "PATIENCE_S", 20.5)
    # Ten seconds for each part: ten seconds' bytes are in time, five seconds' are not.
    assert (await ask([b"x" * 163_840] * 5))[:2] == (200, "819200")
    clock = iter([0.0, *(20.0 + 10 * turn for turn in range(20))])
    assert (await ask([b"x" * 81_920] * 5))[0] == 408


async def test_what_waits_for_the_end_of_a_stream_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    messages: list[Message] = [{"type": "http.request", "body": b""}, {"type": "http.disconnect"}]
    clock = iter([0.0, 0.0, 1000.0])
    monkeypatch.setattr(bodies, "monotonic", lambda: next(clock))
    seen: list[Message] = []

    async def streaming(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([await receive(), await receive()])

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "method": "GET", "path": "/stream", "headers": []}
    await BodyLimits(streaming, answer=answer)(scope, receive, send)
    assert [message["type"] for message in seen] == ["http.request", "http.disconnect"]


def test_plans_and_forms_of_tests_may_be_larger() -> None:
    for path in ("/api/v1/runs", "/api/v1/check"):
        assert limit_of(path) == 32_000_000
    for path in ("/runs", "/runs/check", "/runs/checks/3", "/runs/stage"):
        assert limit_of(path) == 64_000_000
    for path in (
        "/login",
        "/api/v1/runs/r_1/stop",
        "/runs/delete",
        "/runs/r_1/edit",
        "/lab/async-io",
        "/none",
    ):
        assert limit_of(path) == MAX_BYTES


async def test_every_address_that_takes_a_body_has_a_limit(guarded: Guarded) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"x" * 400_000

    own = guarded.service.client
    forms = ("/experiments", "/lab/async-io", "/runs/delete", "/practice", "/compare/shares")
    for path in ("/api/v1/experiments", "/api/v1/lab/async-io", *forms):
        kind = {"Content-Type": "application/json" if "api" in path else "application/x-www-form-urlencoded"}
        response = await own.post(path, content=endless(), headers=kind)
        assert response.status_code == 413, (path, response.text)
        response = await own.post(path, content=b"", headers={"Content-Length": "1000001", **kind})
        assert response.status_code == 413, path
        assert "may have 1.00\N{NO-BREAK SPACE}MB at most" in response.text
        assert "frame-ancestors" in response.headers["content-security-policy"]


async def test_strangers_are_refused_before_their_body_is_read(guarded: Guarded) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("read")
        yield b""

    async with guarded.viewer as viewer, guarded.nobody as nobody:
        for client, status in ((viewer, 403), (nobody, 401)):
            assert (await client.post("/api/v1/runs", content=never())).status_code == status
