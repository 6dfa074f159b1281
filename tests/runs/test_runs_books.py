"""The books of ended runs close exactly, whatever was lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.runs.fakes import START, S, interval
from tests.runs.test_runs_live import Harness
from tests.runs.test_runs_recovery import LATER, dead, store_with
from webui.metrics import codec
from webui.metrics.snapshot import EndpointStats, Snapshot, Totals, merge_time
from webui.runs.books import closed, closing
from webui.runs.live import LiveRun
from webui.runs.recovery import recover
from webui.runs.stored import stored_view

pytestmark = pytest.mark.anyio


def row(index: int, *books: Totals, in_flight: int = 0) -> Snapshot:
    endpoints = tuple(EndpointStats(totals) for totals in books)
    return Snapshot(index * S, (index + 1) * S, 5, in_flight, 5, endpoints=endpoints)


def test_what_is_open_is_cut_off_endpoint_by_endpoint() -> None:
    first = row(0, Totals(offered=12, sent=10, dropped=2, successes=7), Totals(4, 4, failures=4))
    last = row(1, Totals(offered=3, sent=2, successes=1), Totals(2, 2), in_flight=6)
    rows, total = closed([first, last], merge_time([first, last]))
    assert total.totals.balanced
    assert [endpoint.totals.cut_off for endpoint in total.endpoints] == [4, 2]
    assert total.totals.dropped == 3  # one start was due and came to nothing
    assert merge_time(rows) == total
    assert rows[0] is first
    assert (rows[1].in_flight, rows[1].users, rows[1].connections_open, rows[1].end_ns) == (0, 5, 5, 2 * S)
    assert closing(total, rows[1]) is None


def test_closed_books_stay_as_they_are() -> None:
    rows = [interval(0), interval(1)]
    assert closed(rows, merge_time(rows)) == (rows, merge_time(rows))


def assert_balanced(run: LiveRun) -> None:
    run.finish(run.ending())
    view = run.view()
    assert view.total is not None
    assert view.total.totals.balanced
    assert merge_time(view.snapshots).totals == view.total.totals
    totals = view.result().totals
    assert totals.offered == totals.sent + totals.dropped
    assert totals.sent == totals.successes + totals.failures + totals.cut_off
    assert not any("books" in reason for reason in view.audit.reasons)


async def test_a_lost_shards_open_requests_are_cut_off_when_the_run_ends() -> None:
    h = Harness(shards=2)
    noted = []
    h.run.on_row = noted.append
    h.begin()
    h.launch.snapshot(0, interval(0, 10, in_flight=3), 0)
    h.launch.snapshot(0, interval(0, 10, in_flight=4), 1)
    h.launch.lost(1)
    assert h.run.view().result().totals.cut_off == 0  # the other one goes on
    last = interval(1, 10)
    [endpoint] = last.endpoints
    ended = replace(endpoint, totals=replace(endpoint.totals, offered=7, sent=7))  # and ends the 3 before
    h.launch.snapshot(1, replace(last, endpoints=(ended,)), 0)
    h.launch.finished(shard=0)
    assert_balanced(h.run)
    assert h.run.view().result().totals.cut_off == 4
    assert noted[-1].position == 1  # the corrected row goes to the store


async def test_all_shards_lost() -> None:
    h = Harness(shards=2)
    h.begin()
    h.launch.snapshot(0, interval(0, 10, in_flight=3), 0)
    h.launch.lost(0)
    h.launch.snapshot(0, interval(0, 10, in_flight=4), 1)
    h.launch.lost(1)
    assert_balanced(h.run)
    assert h.run.view().result().totals.cut_off == 7


async def test_an_engine_that_failed_and_one_that_was_given_up() -> None:
    h = Harness(shards=2)
    h.begin()
    for shard in (0, 1):
        h.launch.snapshot(0, interval(0, 10, in_flight=2), shard)
    h.launch.failed("The engine failed.", 0)
    h.run.interrupting("Katydid was closed.")
    h.run.end_all("Katydid was closed.")
    assert_balanced(h.run)


async def test_a_finished_engine_whose_books_are_open_is_not_covered_up() -> None:
    h = Harness()
    h.begin()
    h.launch.snapshot(0, interval(0, 10, in_flight=2))
    h.launch.finished()
    h.run.finish(h.run.ending())
    assert any("do not balance" in reason for reason in h.run.view().audit.reasons)


async def test_a_recovered_run_is_balanced_in_its_document_and_in_every_later_view() -> None:
    store = store_with("gone", rows=1)
    store.rows["r_1"][1] = codec.encode(interval(1, 10, in_flight=5))
    await recover(store, "me", LATER, dead)
    totals = store.records["r_1"].result["totals"]
    assert totals["cut_off"] == 5
    assert totals["sent"] == totals["successes"] + totals["failures"] + totals["cut_off"] == 25
    view = await stored_view(store, "r_1", START + timedelta(hours=2))
    assert view.total is not None
    assert view.total.totals.balanced
    assert view.result().totals.model_dump() == totals
    assert merge_time(view.snapshots).totals == view.total.totals
