"""The engine's pure parts: tallies, books, timetable, choice of requests, request bytes, chunks."""

from __future__ import annotations

import random
from contextlib import suppress
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.engine.chunked import ChunkedBody
from webui.engine.control import Change, Control
from webui.engine.messages import ShardSpec, shard_specs
from webui.engine.recorder import Recorder
from webui.engine.response import HeadCache, Violation, parse_head
from webui.engine.schedule import Timetable, backoff_ns
from webui.engine.tally import Tally, fold
from webui.engine.template import LOOK, prepare, verdicts
from webui.engine.work import budgeted, pauses, picks
from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import Health, Totals, merge_time
from webui.plan.documents import plan_from_data
from webui.plan.model import Plan

DURATIONS = st.lists(st.integers(-5, 10**11), max_size=60)


@given(batches=st.lists(st.tuples(DURATIONS, DURATIONS), max_size=5))
def test_tallies_folded_at_any_time_are_the_histograms_of_all_their_values(
    batches: list[tuple[list[int], list[int]]],
) -> None:
    tallies = Tally(), Tally()
    for batch in batches:
        for tally, values in zip(tallies, batch, strict=True):
            tally.pending.extend(values)
        fold(tallies)
    for place, tally in enumerate(tallies):
        values = [value for batch in batches for value in batch[place]]
        assert (tally.folded, tally.folded_ns) == (len(values), sum(max(0, value) for value in values))
        assert tally.take() == Histogram.of(values)
        assert not tally.take()


def test_a_snapshot_holds_what_happened_since_the_last_one() -> None:
    recorder = Recorder([100, 50], origin_ns=1000)
    log = recorder.logs[0]
    log.begun += 3
    log.codes[200] += 1
    log.add_response(5_000)
    log.add_first_byte(4_000)
    log.received += 70
    first = recorder.take(2000, 3, Health())
    log.failures += 1
    log.add_failed(9_000)
    recorder.error(0, "timeout", 2500, "late")
    log.cut_off += 1
    second = recorder.take(3000, 0, Health())
    assert first.totals == Totals(3, 3, 1, 1, 0, 0, 0, 300, 70)
    assert (first.in_flight, second.in_flight) == (2, 0)
    assert second.totals == Totals(0, 0, 0, 0, 1, 1, 0, 0, 0)
    assert (second.start_ns, second.end_ns) == (1000, 2000)
    assert second.errors[0, "timeout"].first_ns == 1500
    assert merge_time([first, second]).totals.balanced


def test_the_integral_of_requests_in_flight_is_sampled() -> None:
    recorder = Recorder([1], origin_ns=0)
    recorder.logs[0].begun = 4
    recorder.sample_in_flight(10)
    recorder.logs[0].failures = 3
    assert recorder.take(30, 0, Health()).in_flight_ns == 4 * 10 + 1 * 20
    assert recorder.take(40, 0, Health()).in_flight_ns == 10


def test_errors_of_a_kind_leave_one_short_sample_an_interval() -> None:
    recorder = Recorder([1], origin_ns=0)
    recorder.error(0, "http_500", 5, "HTTP 500", b"\x00boom\xff" + b"x" * 1000)
    recorder.error(0, "http_500", 9, "HTTP 500", b"another")
    [error] = recorder.take(10, 0, Health()).errors.values()
    assert (error.count, error.first_ns, error.last_ns) == (2, 5, 9)
    assert error.sample.startswith("HTTP 500:  boom\ufffdxx")
    assert len(error.sample) == 200


@given(dues=st.lists(st.integers(0, 100)), now=st.integers(0, 100))
def test_a_timetable_gives_what_is_due_in_order(dues: list[int], now: int) -> None:
    table: Timetable[int] = Timetable()
    for thing, due in enumerate(dues):
        table.add(due, thing)
    given_out = [(due, thing) for due, thing in table.due(now)]
    assert given_out == sorted((due, thing) for thing, due in enumerate(dues) if due <= now)
    assert table.next_ns == min((due for due in dues if due > now), default=None)
    assert len(table.clear()) == len(dues) - len(given_out)


def test_the_pause_after_failed_connections_doubles_up_to_a_second() -> None:
    assert [backoff_ns(number, 100, 1000) for number in (1, 2, 3, 4, 5, 100)] == [
        100,
        200,
        400,
        800,
        1000,
        1000,
    ]


def test_requests_are_chosen_by_weight() -> None:
    chosen = list(islice(picks("abc", [6, 3, 1], random.Random(1)), 10_000))
    assert [chosen.count(thing) / 10_000 for thing in "abc"] == pytest.approx([0.6, 0.3, 0.1], abs=0.015)
    assert list(islice(picks("a", [5], random.Random(1)), 3)) == ["a"] * 3


def test_a_budget_is_given_out_exactly() -> None:
    take = budgeted(picks("a", [1], random.Random(1)), 2)
    assert [take(), take(), take(), take()] == ["a", "a", None, None]


def test_think_times() -> None:
    assert pauses(0, 0, random.Random(1)) is None
    constant, even = pauses(0.5, 0.5, random.Random(1)), pauses(0.1, 0.3, random.Random(1))
    assert constant is not None
    assert constant() == 500_000_000
    assert even is not None
    drawn = [even() for _ in range(1000)]
    assert 100_000_000 <= min(drawn) < 110_000_000
    assert 290_000_000 < max(drawn) <= 300_000_000


def plan(*requests: dict[str, object], **changes: object) -> Plan:
    load = {"shape": "constant-users", "users": 7, "iterations": 20}
    return plan_from_data({"base_url": "http://a.test/v1/", "requests": requests, "load": load, **changes})


def test_request_bytes() -> None:
    made = plan(
        {"path": "/x?a=1", "query": {"b": "ü&"}, "headers": {"HOST": "other", "user-agent": "me"}},
        {"method": "POST", "path": "/x"},
        {"method": "HEAD", "path": "https://b.test:8443/y"},
        http={"keepalive": False},
    )
    templates, origins = prepare(made)
    assert templates[0].data == (
        b"GET /v1/x?a=1&b=%C3%BC%26 HTTP/1.1\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n"
        b"HOST: other\r\nuser-agent: me\r\n"
        b"Connection: close\r\n\r\n"
    )
    assert b"\r\nContent-Length: 0\r\n" in templates[1].data
    assert templates[2].data.startswith(b"HEAD /y HTTP/1.1\r\nHost: b.test:8443\r\n")
    assert [origin.origin for origin in origins] == ["http://a.test", "https://b.test:8443"]
    assert [template.origin for template in templates] == [0, 0, 1]


def test_verdicts() -> None:
    made = plan({"path": "/"}, {"path": "/b", "checks": [{"on": "status", "is": "< 300"}]})
    plain, checked = (verdicts(request) for request in made.requests)
    assert [plain[status] for status in (200, 399, 400, 999)] == [None, None, "http_400", "http_999"]
    assert [checked[status] for status in (299, 301, 500)] == [None, LOOK, LOOK]


def test_shares_of_a_plan_survive_the_journey() -> None:
    specs = shard_specs("r_1", plan({"path": "/"}), 2)
    assert [(spec.shard, spec.shards, spec.iterations) for spec in specs] == [(0, 2, 10), (1, 2, 10)]
    assert [ShardSpec.from_data(spec.to_data()) for spec in specs] == specs


@given(
    sizes=st.lists(st.integers(1, 50), max_size=6),
    cuts=st.lists(st.integers(1, 9)),
    rest=st.binary(max_size=5),
)
def test_chunks_in_any_pieces(sizes: list[int], cuts: list[int], rest: bytes) -> None:
    data = b"".join(b"%x;ext\r\n%s\r\n" % (size, b"z" * size) for size in sizes) + b"0\r\nA: b\r\n\r\n"
    body, end, position = ChunkedBody(keep=10, limit=1000), len(data), 0
    data += rest
    while position < end:
        size = cuts.pop() if cuts else len(data)
        found = body.feed(data[position : position + size], 0)
        if found >= 0:
            assert position + found == end
            break
        position += size
    else:
        pytest.fail("the end was not found")
    assert body.size == sum(sizes)
    assert body.prefix == b"z" * min(10, sum(sizes))


def test_the_cache_of_heads_is_bounded_and_never_holds_interim_ones() -> None:
    heads = HeadCache(bodiless=False, body_limit=1000)
    heads.parse(b"HTTP/1.1 100 Continue")
    assert not heads
    for number in range(1000):
        assert heads.parse(b"HTTP/1.1 200 OK\r\nContent-Length: %d" % number).length == number
    assert 0 < len(heads) <= 256


@given(st.binary(max_size=60))
def test_any_bytes_are_a_head_or_a_violation(data: bytes) -> None:
    for bodiless in (False, True):
        with suppress(Violation):  # nothing else may be raised
            assert 100 <= parse_head(b"HTTP/1.1 " + data, bodiless=bodiless).status <= 999


def test_a_stop_is_heard_once_whether_it_comes_before_or_after() -> None:
    heard: list[int] = []
    early, late = Control(), Control()
    early.stop()
    early.listen(lambda: heard.append(1))
    late.listen(lambda: heard.append(2))
    late.stop()
    late.stop()
    assert heard == [1, 2]
    assert early.stopped
    late.listen(None)
    late.stop()
    assert heard == [1, 2]


def test_changes_are_heard_once_each_in_order_also_those_that_come_early() -> None:
    heard: list[Change] = []
    control = Control()
    control.change(1, "users", 30)
    control.change(1, "users", 40)
    control.listen(lambda: None, heard.append)
    control.change(2, "pause")
    control.change(2, "pause")
    control.listen(None)
    control.change(3, "resume")
    assert heard == [Change(1, "users", 30), Change(2, "pause")]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("rates", 1), ("users", None), ("pause", 1), ("rate", -1.0), ("add_time", float("nan"))],
)
def test_what_is_no_change_is_refused(kind: str, value: float | None) -> None:
    with pytest.raises(ValueError, match="not a"):
        Control().change(1, kind, value)
