"""One live run: what its shards report becomes rows, totals, events and a verdict."""

from __future__ import annotations

import pytest

from tests.runs.fakes import START, FakeClock, FakeLaunch, S, interval, plan
from webui.engine.messages import shard_specs
from webui.metrics.series import LIMIT
from webui.plan.model import Plan
from webui.runs.broadcast import RunEvent
from webui.runs.live import BEHIND_LIMIT, LiveRun
from webui.runs.outcome import Ending
from webui.runs.state import RunStatus

pytestmark = pytest.mark.anyio


class Harness:
    """A live run of so many shards with its clock, its launch and its events."""

    def __init__(self, the_plan: Plan | None = None, shards: int = 1) -> None:
        self.clock = FakeClock()
        self.run = LiveRun("r_1", the_plan or plan(), clock=self.clock, now=self.clock.now)
        self.events: list[RunEvent] = []
        self.hung: list[int] = []
        self.run.on_event = self.events.append
        self.run.on_hung = self.hung.append
        self.launch = FakeLaunch(shard_specs("r_1", self.run.plan, shards), self.run.receive)

    def begin(self) -> None:
        self.run.starting(len(self.launch.specs))
        for shard in self.launch.specs:
            self.launch.started(shard)


async def test_a_run_from_queue_to_end() -> None:
    h = Harness()
    h.run.queued(2)
    assert (h.run.view().queue_position, h.run.view().started_at) == (2, None)
    h.clock.seconds += 5
    h.begin()
    assert h.run.view().queue_position is None
    for index in range(3):
        h.clock.seconds += 1
        h.launch.snapshot(index, interval(index, 10))
    view = h.run.view()
    assert (view.elapsed_s, view.load_s, view.remaining_s) == (3, 3, 27)
    assert len(view.snapshots) == 3
    assert view.total is not None
    assert view.total.totals.successes == 30
    h.launch.finished(load_ns=29 * S)
    assert h.run.shards_ended.is_set()
    h.run.finish(h.run.ending())
    h.run.announce_end()
    view = h.run.view()
    assert (view.status, view.load_s, view.ended_at) == (RunStatus.PASSED, 29, START.replace(second=8))
    kinds = [event.kind for event in h.events]
    assert kinds == ["status", "status", "status", "snapshot", "snapshot", "snapshot", "finished"]
    assert [event.seq for event in h.events] == [event.view.seq for event in h.events] == [*range(1, 8)]
    assert h.run.channel.closed


async def test_the_start_is_when_the_first_shard_says_so() -> None:
    h = Harness(shards=2)
    h.run.starting(2)
    h.clock.seconds += 4
    h.launch.started(1)
    h.clock.seconds += 1
    h.launch.started(0)
    assert h.run.view().started_at == START.replace(second=4)
    assert h.run.elapsed_s == 1


async def test_shards_are_merged_by_interval() -> None:
    h = Harness(shards=2)
    h.begin()
    h.launch.snapshot(0, interval(0, 10, users=3), 0)
    assert h.run.view().snapshots == []
    h.launch.snapshot(0, interval(0, 4, users=2), 1)
    [row] = h.run.view().snapshots
    assert (row.totals.successes, row.users) == (14, 5)


async def test_a_lost_shard_leaves_the_others_going_on() -> None:
    h = Harness(shards=2)
    h.begin()
    h.launch.snapshot(0, interval(0), 0)
    h.launch.lost(1)
    assert len(h.run.view().snapshots) == 1
    assert not h.run.shards_ended.is_set()
    h.launch.snapshot(1, interval(1), 0)
    h.launch.finished(shard=0)
    h.run.finish(h.run.ending())
    view = h.run.view()
    assert (view.status, view.shards, view.shards_lost) == (RunStatus.PASSED, 2, 1)
    assert view.status_reason.startswith("Partial: engine 2 of 2")
    assert view.audit.trustworthy is False


async def test_load_time_is_the_longest_of_the_shards_and_never_above_the_plan_while_live() -> None:
    h = Harness(plan(duration_s=2), shards=2)
    h.begin()
    for shard in (0, 1):
        for index in range(3):  # the third is the grace after the end
            h.launch.snapshot(index, interval(index), shard)
    assert h.run.load_s == 2
    h.launch.finished(load_ns=2 * S + 5, shard=0)
    h.launch.finished(load_ns=2 * S, shard=1)
    assert h.run.load_s == pytest.approx(2.000000005)


async def test_load_time_without_a_finished_shard_is_what_was_measured() -> None:
    h = Harness(plan(duration_s=None))
    h.begin()
    h.launch.snapshot(0, interval(0))
    h.launch.lost()
    assert (h.run.load_s, h.run.elapsed_s) == (1, 1)


async def test_nothing_counts_after_a_shards_last_event() -> None:
    h = Harness()
    h.begin()
    h.launch.finished()
    h.launch.snapshot(0, interval(0))
    h.launch.lost()
    assert h.run.view().snapshots == []
    assert h.run.shards_lost == 0


async def test_a_shard_that_hangs_while_others_go_on_is_given_up() -> None:
    h = Harness(shards=2)
    h.begin()
    for index in range(BEHIND_LIMIT):
        h.launch.snapshot(index, interval(index), 0)
    assert h.hung == []
    h.launch.snapshot(BEHIND_LIMIT, interval(BEHIND_LIMIT), 0)
    assert h.hung == [1]
    h.launch.lost(1)
    assert len(h.run.view().snapshots) == BEHIND_LIMIT + 1


async def test_a_damaged_snapshot_ends_that_shard_and_not_the_run() -> None:
    h = Harness(shards=2)
    h.begin()
    h.run.receive({"run": "r_1", "shard": 1, "type": "snapshot", "index": 0, "data": b"garbage"})
    assert h.hung == [1]
    assert not h.run.shards_ended.is_set()
    h.launch.finished(shard=0)
    assert "cannot be read" in h.run.ending().reason


async def test_a_long_run_is_compacted_and_stays_whole() -> None:
    h = Harness(plan(duration_s=None))
    changes = []
    h.run.on_row = changes.append
    h.begin()
    for index in range(LIMIT + 1):
        h.launch.snapshot(index, interval(index, 1))
    view = h.run.view()
    assert len(view.snapshots) == LIMIT // 2 + 1
    assert [change.compacted for change in changes].count(True) == 1
    assert h.events[-1].compacted
    assert h.events[-1].position == LIMIT // 2
    assert view.total is not None
    assert view.total.totals.successes == LIMIT + 1
    assert sum(row.totals.successes for row in view.snapshots) == LIMIT + 1


async def test_stop_pressed_twice_is_told_once() -> None:
    h = Harness()
    h.begin()
    before = len(h.events)
    h.run.stopping("By you at 11:42")
    h.run.stopping("By you at 11:43")
    assert len(h.events) == before + 1
    assert (h.run.status, h.run.view().status_reason) == (RunStatus.STOPPING, "By you at 11:42")


async def test_what_is_not_waited_for_any_more_is_lost() -> None:
    h = Harness(shards=2)
    h.begin()
    h.launch.finished("stopped", shard=0)
    h.run.interrupting("Katydid was closed.")
    h.run.end_all("Katydid was closed.")
    assert h.run.shards_ended.is_set()
    assert h.run.ending() == Ending(RunStatus.INTERRUPTED, "Katydid was closed.")


async def test_the_result_document_has_it_all() -> None:
    h = Harness(plan(name="Items", tags=["a"], thresholds=["p95<200ms"]))
    h.begin()
    h.launch.snapshot(0, interval(0, 90, 10))
    h.launch.finished(load_ns=S)
    h.run.finish(h.run.ending())
    document = h.run.view().result().model_dump(mode="json", by_alias=True)
    assert document["schema"] == "katydid.run/1"
    assert document["totals"]["throughput_rps"] == 90
    assert document["status_codes"] == {"200": 90}
    assert document["thresholds"][0]["passed"] is True
    assert [document["errors"][0][key] for key in ("kind", "count")] == ["http_500", 10]
    assert len(document["snapshots"]) == 1
    assert document["audit"]["trustworthy"] is True
    assert document["plan"]["name"] == document["name"] == "Items"
