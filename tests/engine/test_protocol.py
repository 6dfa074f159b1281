"""One connection on the wire, fed through a fake transport."""

from __future__ import annotations

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.wire import Notes, Wire
from webui.engine.protocol import Connection
from webui.engine.response import HEAD_LIMIT
from webui.plan.model import DEFAULT_MAX_BODY

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def head(*lines: str, status: str = "200 OK", version: str = "1.1") -> bytes:
    return "\r\n".join([f"HTTP/{version} {status}", *lines, "", ""]).encode()


def one_by_one(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


CHUNKED = head("Transfer-Encoding: chunked") + b"5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nTrailer: x\r\n\r\n"

# name, request, response, outcome, whether the connection can be used again
WHOLE = [
    ("length", "GET", OK, (200, None, len(OK)), True),
    ("no body", "GET", head("Content-Length: 0"), (200, None, 38), True),
    ("chunked", "GET", CHUNKED, (200, None, len(CHUNKED)), True),
    ("HEAD", "HEAD", head("Content-Length: 500"), (200, None, 40), True),
    ("HEAD, chunked", "HEAD", head("Transfer-Encoding: chunked"), (200, None, 47), True),
    ("204", "GET", head(status="204 No Content"), (204, None, 27), True),
    ("304", "GET", head("Content-Length: 9", status="304 Not Modified"), (304, None, 48), True),
    ("close", "GET", head("Connection: close", "Content-Length: 0"), (200, None, 57), False),
    ("close in a list", "GET", head("Connection: x, Close", "Content-Length: 0"), (200, None, 60), False),
    ("HTTP/1.0", "GET", head("Content-Length: 0", version="1.0"), (200, None, 38), False),
    (
        "HTTP/1.0 keep-alive",
        "GET",
        head("Connection: Keep-Alive", "Content-Length: 0", version="1.0"),
        (200, None, 62),
        True,
    ),
    (
        "interim",
        "GET",
        head(status="103 Early Hints") + head(status="100 Continue") + OK,
        (200, None, 96),
        True,
    ),
    ("failure", "GET", head("Content-Length: 0", status="503 No"), (503, "http_503", 38), True),
]


@pytest.mark.parametrize("split", [False, True], ids=["at once", "byte by byte"])
@pytest.mark.parametrize(
    ("method", "response", "outcome", "usable"), [case[1:] for case in WHOLE], ids=[case[0] for case in WHOLE]
)
def test_a_whole_response(
    method: str, response: bytes, outcome: tuple[object, ...], usable: bool, split: bool
) -> None:
    wire = Wire(method)
    wire.feed(*(one_by_one(response) if split else [response]))
    assert wire.outcomes == [outcome]
    assert wire.connection.usable is usable
    assert wire.transport.aborted is not usable


def test_the_second_response_takes_the_short_way_to_the_same_outcome() -> None:
    wire = Wire()
    wire.feed(OK)
    assert wire.template.heads
    wire.again()
    wire.feed(OK)
    assert wire.outcomes == [(200, None, len(OK))] * 2
    assert wire.connection.usable


def test_a_known_head_with_more_to_come_is_not_taken_for_a_whole_response() -> None:
    wire = Wire()
    wire.feed(OK)
    wire.again()
    wire.feed(OK[:-2])
    assert len(wire.outcomes) == 1
    wire.feed(OK[-2:])
    assert wire.outcomes == [(200, None, len(OK))] * 2


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (b"SSH-2.0-OpenSSH_9.9\r\n", "protocol_error"),
        (b"HTTP/2.0 200 OK\r\n\r\n", "protocol_error"),
        (b"HTTP/1.1 20 OK\r\n\r\n", "protocol_error"),
        (b"HTTP/1.1 200 OK\nContent-Length: 0\n\n", "protocol_error"),
        (head("Content-Length: 5", "Content-Length: 6"), "protocol_error"),
        (head("Content-Length: -1"), "protocol_error"),
        (head("Content-Length: 5", "Transfer-Encoding: chunked"), "protocol_error"),
        (head("no colon"), "protocol_error"),
        (head("Upgrade: h2c", "Connection: upgrade", status="101 Switching"), "protocol_error"),
        (head("Transfer-Encoding: chunked") + b"five\r\nhello\r\n", "protocol_error"),
        (head("Transfer-Encoding: chunked") + b"5\r\nhello!\r\n", "protocol_error"),
        (head("Transfer-Encoding: chunked") + b"0\r\nno colon\r\n\r\n", "protocol_error"),
        (head("Transfer-Encoding: chunked") + b"0" * 20_000, "protocol_error"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"a" * HEAD_LIMIT, "protocol_error"),
        (head(status="100 Continue") * 4000, "protocol_error"),
        (head(f"Content-Length: {DEFAULT_MAX_BODY + 1}"), "body_too_large"),
        (head("Transfer-Encoding: chunked") + b"ffffffff\r\n", "body_too_large"),
    ],
)
def test_what_breaks_the_protocol_fails_at_once(response: bytes, kind: str) -> None:
    wire = Wire()
    wire.feed(*(response[i : i + 4096] for i in range(0, len(response), 4096)))
    assert [outcome[0] for outcome in wire.outcomes] == [kind]
    assert wire.notes.detail
    assert wire.transport.aborted


def test_a_body_that_ends_with_the_connection() -> None:
    wire = Wire()
    wire.feed(head(), b"some", b"thing")
    assert wire.outcomes == []
    wire.end()
    assert wire.outcomes == [(200, None, len(head()) + 9)]
    assert wire.notes.events == ["connect", "open", "close"]


def test_a_body_without_end_is_too_large() -> None:
    wire = Wire()
    wire.feed(head(), *[b"x" * 1_000_000] * 17)
    assert [outcome[0] for outcome in wire.outcomes] == ["body_too_large"]


@pytest.mark.parametrize("so_far", [b"", b"HTTP/1.1 200 OK\r\n", OK[:-1], CHUNKED[:-2]])
@pytest.mark.parametrize(
    ("error", "kind"), [(None, "connection_closed"), (ConnectionResetError(), "connection_reset")]
)
def test_the_connection_ends_in_the_middle(so_far: bytes, error: Exception | None, kind: str) -> None:
    wire = Wire()
    wire.feed(*[so_far] if so_far else [])
    wire.end(error)
    assert wire.outcomes == [(kind, len(so_far))]
    assert wire.notes.events[-1] == "close"


def test_an_idle_connection_that_ends_is_no_failure() -> None:
    wire = Wire()
    wire.feed(OK)
    wire.end()
    assert len(wire.outcomes) == 1
    assert not wire.connection.usable


@pytest.mark.parametrize("surplus", [b"x", OK])
def test_more_than_was_asked_for_counts_the_response_and_ends_the_connection(surplus: bytes) -> None:
    wire = Wire()
    wire.feed(OK + surplus)
    assert wire.outcomes == [(200, None, len(OK))]
    assert not wire.connection.usable


def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    wire = Wire()
    wire.feed(OK, b"surprise")
    assert len(wire.outcomes) == 1
    assert wire.transport.aborted


def test_an_answer_before_the_request_was_written_ends_the_connection() -> None:
    wire = Wire("POST", body="x")
    wire.transport.unsent = 1
    wire.feed(head("Content-Length: 0", status="413 Too much"))
    assert wire.outcomes == [(413, "http_413", 44)]
    assert not wire.connection.usable


@pytest.mark.parametrize("again", [1, 2])
@pytest.mark.parametrize(
    "response",
    [
        head("Content-Length: 500", status="500 No") + b"e" * 500,
        head("Transfer-Encoding: chunked", status="500 No") + b"1f4\r\n" + b"e" * 500 + b"\r\n0\r\n\r\n",
    ],
)
def test_a_failing_response_leaves_a_short_sample(response: bytes, again: int) -> None:
    wire = Wire()
    wire.feed(response)
    for _ in range(again - 1):
        wire.again()
        wire.feed(response)
    assert bytes(wire.connection.body[:200]) == b"e" * 200


def test_a_connection_given_up_while_it_was_made_stays_silent() -> None:
    notes = Notes()
    connection = Connection(notes)
    connection.abandon()
    wire = Wire()
    connection.connection_made(wire.transport)
    assert wire.transport.aborted
    connection.connection_lost(None)
    assert notes.events == []


def asking(**request: object) -> Wire:
    """A request whose body waits for the server."""
    return Wire("POST", body="data", expect_continue=True, **request)


@pytest.mark.anyio
async def test_a_body_waits_for_the_server_to_ask() -> None:
    wire = asking()
    assert wire.transport.written.endswith(b"Expect: 100-continue\r\n\r\n")
    wire.feed(head(status="102 Processing"))
    assert b"data" not in wire.transport.written
    wire.feed(head(status="100 Continue"))
    assert wire.transport.written.endswith(b"\r\n\r\ndata")
    assert wire.notes.events[-1] == "4 more sent"
    wire.feed(OK)
    assert wire.outcomes == [
        (200, None, len(head(status="102 Processing") + head(status="100 Continue") + OK))
    ]
    assert wire.connection.usable


@pytest.mark.anyio
async def test_a_body_goes_out_when_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webui.engine.protocol.GO_AHEAD_S", 0.001)
    wire = asking(chunked=True)
    while b"data" not in wire.transport.written:
        await anyio.sleep(0)
    assert wire.transport.written.endswith(b"4\r\ndata\r\n0\r\n\r\n")
    wire.feed(OK)
    wire.again()
    wire.feed(OK)
    assert len(wire.outcomes) == 2


@pytest.mark.anyio
async def test_an_answer_instead_of_a_go_ahead_leaves_the_body_unsent() -> None:
    wire = asking()
    wire.feed(head("Content-Length: 0", status="413 Too Large"))
    assert wire.outcomes[0][:2] == (413, "http_413")
    assert b"data" not in wire.transport.written
    assert not wire.connection.usable
    wire = asking()
    wire.end()
    assert wire.outcomes == [("connection_closed", 0)]
    assert wire.notes.events[-1] == "close"


PIECES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [
                *(case[2] for case in WHOLE),
                b"HTTP/1.1 ",
                b"200 OK\r\n",
                b"\r\n",
                b"\r\n\r\n",
                b"Content-Length: 3\r\n",
                b"0\r\n\r\n",
                b"3\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"Connection: close\r\n",
                b"abc",
                b"HTTP/1.1 100 Continue\r\n\r\n",
            ]
        ),
    ),
    max_size=12,
)
KINDS = {"connection_closed", "connection_reset", "protocol_error", "body_too_large"}


@given(
    pieces=PIECES,
    cuts=st.lists(st.integers(1, 30)),
    reset=st.booleans(),
    method=st.sampled_from(["GET", "HEAD"]),
)
def test_every_request_ends_exactly_once_whatever_the_server_sends(
    pieces: list[bytes], cuts: list[int], reset: bool, method: str
) -> None:
    wire, data, sent = Wire(method), b"".join(pieces), 1
    while data:
        size = cuts.pop() if cuts else len(data)
        wire.feed(data[:size])
        data = data[size:]
        assert len(wire.outcomes) in (sent - 1, sent)
        if len(wire.outcomes) == sent and wire.connection.usable:
            wire.again()
            sent += 1
    wire.end(ConnectionResetError() if reset else None)
    assert len(wire.outcomes) == sent
    assert wire.notes.events == ["connect", "open", "close"]
    for outcome in wire.outcomes:
        assert outcome[0] in KINDS or 100 <= outcome[0] <= 999


@given(response=st.sampled_from([case[2] for case in WHOLE]), cuts=st.lists(st.integers(1, 20)))
def test_pieces_make_no_difference(response: bytes, cuts: list[int]) -> None:
    whole, cut = Wire(), Wire()
    whole.feed(response)
    while response:
        size = cuts.pop() if cuts else len(response)
        cut.feed(response[:size])
        response = response[size:]
    for wire in (whole, cut):
        wire.end()
    assert cut.outcomes == whole.outcomes
