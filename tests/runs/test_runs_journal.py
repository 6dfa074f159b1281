"""Rows on their way to the store: written soon, retried when refused, bounded while they wait."""

from __future__ import annotations

import asyncio

import pytest

from tests.runs.fakes import START, FakeStore, interval, plan
from webui.errors import NotFound
from webui.metrics import codec
from webui.metrics.series import Series
from webui.plan.documents import plan_to_data
from webui.runs import journal
from webui.runs.journal import RETRY_LONGEST_S, SLOW, Journal, Rows
from webui.store import RunRecord

pytestmark = pytest.mark.anyio


class Harness:
    """A journal on a fake store, with pauses that end when the test says so."""

    def __init__(self, limit: int = 8) -> None:
        self.store = FakeStore()
        self.store.records["r_1"] = RunRecord(
            id="r_1", name="x", status="running", target="", created_at=START, plan=plan_to_data(plan())
        )
        self.store.rows["r_1"] = {}
        self.series = Series(limit=limit)
        self.troubles: list[str | None] = []
        self.pauses: list[float] = []
        self.paused = asyncio.Event()
        self.go_on = asyncio.Event()
        self.journal = Journal(self.store, "r_1", self.series, self.troubles.append, self.sleep)
        self.journal.start()

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.paused.set()
        await self.go_on.wait()
        self.go_on.clear()

    async def next_pause(self) -> None:
        await asyncio.wait_for(self.paused.wait(), 5)
        self.paused.clear()

    def add(self, index: int, successes: int = 1) -> None:
        self.journal.note(self.series.add(index, interval(index, successes)))

    @property
    def stored(self) -> list[int]:
        return [codec.decode(row).totals.successes for row in self.store.rows["r_1"].values()]


async def test_a_write_that_hangs_is_told_of_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "SLOW_S", 0.0)
    h = Harness()
    go_on = asyncio.Event()
    put = h.store.put_snapshots

    async def hanging(run_id: str, rows: Rows) -> None:
        await go_on.wait()
        await put(run_id, rows)

    monkeypatch.setattr(h.store, "put_snapshots", hanging)
    h.add(0)
    async with asyncio.timeout(5):
        while not h.troubles:
            await asyncio.sleep(0)
    assert h.troubles == [SLOW]
    go_on.set()
    await h.journal.finish({}, {"status": "passed"})
    assert (h.troubles[-1], h.stored) == (None, [1])


async def test_what_is_noted_is_on_disk_when_the_run_is_finished() -> None:
    h = Harness()
    h.add(0)
    h.add(1)
    h.journal.change(status="running")
    await h.journal.finish({"a": 1}, {"status": "passed"})
    assert h.stored == [1, 1]
    assert h.store.records["r_1"].status == "passed"
    assert h.store.records["r_1"].result == {"a": 1}
    assert h.store.writes == ["update", "put", "update"]


async def test_a_row_that_was_filled_up_is_written_again() -> None:
    h = Harness(limit=4)
    for index in range(6):  # the fifth compacts: two of the engine's intervals to a row from then on
        h.add(index)
    await h.journal.finish({}, {})
    assert h.store.rows["r_1"].keys() == h.series.rows.keys() == {0, 1, 2}
    assert h.stored == [2, 2, 2]


async def test_compaction_replaces_what_was_stored() -> None:
    h = Harness(limit=4)
    for index in range(4):
        h.add(index)
    while len(h.store.rows["r_1"]) < 4:
        await asyncio.sleep(0)
    h.add(4)
    await h.journal.finish({}, {})
    assert h.store.writes[-2] == "replace"
    assert h.stored == [2, 2, 1]


async def test_a_store_in_trouble_is_asked_again_and_nothing_is_lost() -> None:
    h = Harness()
    h.store.trouble = "The disk is full."
    h.add(0)
    await h.next_pause()
    assert h.troubles == ["The disk is full."]
    for index in range(1, 6):
        h.add(index)
    h.journal.change(status="stopping")
    for _ in range(5):
        h.go_on.set()
        await h.next_pause()
    assert h.pauses == [0.5, 1, 2, 4, RETRY_LONGEST_S, RETRY_LONGEST_S]
    h.store.trouble = None
    h.go_on.set()
    await h.journal.finish({}, {})
    assert h.stored == [1] * 6
    assert h.troubles[-1] is None
    assert h.store.records["r_1"].status == "stopping"


async def test_what_waits_is_bounded_by_the_series() -> None:
    h = Harness(limit=8)
    h.store.trouble = "The disk is full."
    h.add(0)
    await h.next_pause()
    for index in range(1, 500):
        h.add(index)
    assert len(h.journal._dirty) <= 8
    h.store.trouble = None
    h.go_on.set()
    await h.journal.finish({}, {})
    assert sum(h.stored) == 500
    assert h.store.rows["r_1"].keys() == h.series.rows.keys()


async def test_a_deleted_run_is_not_asked_for_again() -> None:
    h = Harness()
    del h.store.records["r_1"]
    h.add(0)
    await asyncio.wait_for(h.journal.finish({}, {}), 5)
    assert h.pauses == []
    with pytest.raises(NotFound):
        await h.store.delete_run("r_1")


async def test_an_unforeseen_error_is_told_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    h = Harness()
    rows = h.store.rows.pop("r_1")  # a KeyError inside
    h.add(0)
    await h.next_pause()
    assert h.troubles == ["The results could not be written: 'r_1'"]
    assert "could not be written" in caplog.text
    h.store.rows["r_1"] = rows
    h.go_on.set()
    await h.journal.finish({}, {})
    assert h.stored == [1]
