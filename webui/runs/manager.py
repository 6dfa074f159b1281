"""All live runs of this process: created, queued, started in their order, stopped and saved."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, Protocol

from webui.errors import Conflict, NotFound, QueueFull, StoreUnavailable
from webui.plan.documents import plan_to_data
from webui.plan.model import Plan
from webui.runs.baseline import baseline_of, choose_baseline
from webui.runs.broadcast import Channel, Subscription
from webui.runs.changes import Wanted, wanted_changes
from webui.runs.driving import Driver, FleetLike
from webui.runs.ids import new_run_id
from webui.runs.labels import checked_labels
from webui.runs.live import LiveRun, utc_now
from webui.runs.model import RunView
from webui.runs.outcome import Ending
from webui.runs.ownership import BEAT_S, this_process
from webui.runs.recovery import recover
from webui.runs.shelf import Shelf
from webui.runs.state import RunStatus
from webui.runs.stored import missing
from webui.security.ceilings import Ceilings
from webui.security.gate import Gate
from webui.store import RunRecord, Store
from webui.units import plural

CLOSED = "Katydid was closed."
CLOSED_BEFORE = "Katydid was closed before it had started."
FAILED_INSIDE = "Katydid itself failed; its log says how."
STOP_S = 1.2  # for all runs together, when Katydid closes
GRACE_S = 5.0  # over the ceiling of time, for engines to start and for last answers
SAVE_S = 1.0  # then; what the store has not taken is left to the next start

log = logging.getLogger(__name__)


class Limits(Protocol):
    """The settings that the manager heeds."""

    @property
    def max_running(self) -> int:
        """Runs at a time; further ones wait."""

    @property
    def max_queued(self) -> int:
        """How many may wait."""


class RunManager:
    """For one event loop. Runs stay in memory until they have ended and are on disk."""

    def __init__(
        self,
        store: Store,
        fleet: FleetLike,
        settings: Limits,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
        owner: str | None = None,
        gate: Gate | None = None,
    ) -> None:
        # fixed
        self._store = store
        self._shelf = Shelf(store)
        self._fleet = fleet
        self._settings = settings
        self._gate = gate or Gate()
        self._clock = clock
        self._now = now
        self._owner = owner or this_process()
        # state
        self._drivers: dict[str, Driver] = {}
        self._queue: list[Driver] = []
        self._running: dict[str, Driver] = {}  # in the order of their start
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._beating: asyncio.Task[None] | None = None
        # told
        self.channel = Channel()  # the events of all runs

    async def start(self) -> None:
        """Ends the runs of processes that are gone. Raises StoreUnavailable."""
        await recover(self._store, self._owner, self._now())
        self._beating = asyncio.ensure_future(self._beat_forever())

    # -- what others ask for ---------------------------------------------------------------------------

    @property
    def ceilings(self) -> Ceilings:
        """How much a test may ask for."""
        return self._gate.ceilings

    async def check(self, plan: Plan, *, may_test: bool = False) -> None:
        """Raises what `create` would for a plan that may not run here. Starts nothing."""
        await self._gate.admit(plan, may_test=may_test)

    async def create(self, plan: Plan, *, may_test: bool = False) -> RunView:
        """Starts a run of the plan, or queues it. Every run of this process begins here, past the gate.
        `may_test`: somebody said that the public addresses in it may be tested.

        Raises InvalidInput for what the ceilings or the environment do not allow, TargetRefused, Unconfirmed
        where `may_test` is missing, QueueFull, StoreUnavailable, Conflict.
        """
        admitted = await self._gate.admit(plan, may_test=may_test)
        plan = admitted.plan
        self._check_room()
        live = LiveRun(new_run_id(), plan, clock=self._clock, now=self._now)
        live.on_event = self.channel.publish
        driver = Driver(live, self._store, self._fleet, self._owner, admitted)
        # It takes its place before it is saved, so that runs start in the order of their creation.
        self._drivers[live.id] = driver
        self._queue.append(driver)
        try:
            live.baseline = await baseline_of(self._store, plan, self._now())
            await driver.save_new()
        except BaseException:
            self._forget(driver)
            raise
        self._start_next()
        return live.view()

    def _check_room(self) -> None:
        if self._closing:
            raise Conflict("Katydid is closing; no test can be started.")
        free = max(0, self._settings.max_running - len(self._running))
        if len(self._queue) >= free + self._settings.max_queued:
            raise QueueFull(
                f"{plural(len(self._queue), 'test waits', 'tests wait')} already, which is as many as may "
                "wait. Start this one when some have ended."
            )

    async def stop(self, run_id: str) -> None:
        """Stops a live run; its results are kept. Stopping it again changes nothing.

        Raises NotFound, and Conflict for a run that has ended otherwise or belongs to another process.
        """
        driver = self._drivers.get(run_id)
        if driver is None or not driver.live.status.live:
            await self._check_stopped(run_id, driver)
        elif driver in self._queue:
            self._queue.remove(driver)
            self._end_unstarted(driver, Ending(RunStatus.STOPPED, f"{self._by_you()}, before it had started"))
            self._start_next()
        elif driver.live.status is RunStatus.RUNNING:
            driver.stop_for(self._by_you())

    async def stop_all(self) -> list[str]:
        """Stops all live runs of this process, those that wait included; their ids. Their results are kept."""
        # The queue goes first, so that none of it takes the place of one that ends.
        waiting, self._queue = self._queue, []
        for driver in waiting:
            self._end_unstarted(driver, Ending(RunStatus.STOPPED, f"{self._by_you()}, before it had started"))
        running = [each for each in self._running.values() if each.live.status is RunStatus.RUNNING]
        for driver in running:
            driver.stop_for(self._by_you())
        return [driver.live.id for driver in (*running, *waiting)]

    async def change(
        self,
        run_id: str,
        *,
        users: int | None = None,
        rate_rps: float | None = None,
        paused: bool | None = None,
        add_s: float | None = None,
    ) -> None:
        """Changes a run's load while it runs: at least one of these, all or nothing. The engines apply it
        a moment later, see `RunView.changes`.

        Raises InvalidInput for what is out of range, NotFound, and Conflict for a run that is not running,
        whose shape has no such change, or that belongs to another process.
        """
        wanted = wanted_changes(users, rate_rps, paused, add_s)
        driver = self._drivers.get(run_id)
        if driver is not None:
            self._check_ceilings(driver.live, wanted)
            driver.change(wanted)
        elif (await self._record_status(run_id)).live:
            raise Conflict("This test was started by another process; change it there.")
        else:
            raise Conflict("This test has ended already.")

    def _check_ceilings(self, live: LiveRun, wanted: Sequence[Wanted]) -> None:
        for kind, value in wanted:
            end_s = (live.planned_s or 0.0) + (value or 0.0)
            self._gate.ceilings.check_change(kind, value, end_s)

    async def label(
        self,
        run_id: str,
        *,
        name: str | None = None,
        tags: Sequence[str] | None = None,
        note: str | None = None,
    ) -> None:
        """Sets name, tags or note of a run in any state; its plan stays as it was.

        Raises InvalidInput, NotFound, StoreUnavailable.
        """
        driver = self._drivers.get(run_id)
        if driver is not None:
            driver.label(checked_labels(plan_to_data(driver.live.plan), name, tags, note))
        else:
            record = await self._record(run_id)
            await self._store.update_run(run_id, **checked_labels(record.plan, name, tags, note))

    async def _check_stopped(self, run_id: str, driver: Driver | None) -> None:
        status = driver.live.status if driver else (await self._record_status(run_id))
        if status is RunStatus.STOPPED:
            return
        if status.live:
            raise Conflict("This test was started by another process; stop it there.")
        raise Conflict("This test has ended already.")

    async def _record_status(self, run_id: str) -> RunStatus:
        return RunStatus((await self._record(run_id)).status)

    async def _record(self, run_id: str) -> RunRecord:
        record = await self._store.get_run(run_id, with_result=False)
        if record is None:
            raise await missing(self._store, run_id)
        return record

    def _by_you(self) -> str:
        return f"By you at {self._now().astimezone():%H:%M}"

    async def delete(self, run_id: str) -> None:
        """Deletes an ended run; `restore` brings it back until it is purged, see `webui.runs.upkeep`.

        One whose results could not be saved is gone at once. Raises NotFound, Conflict while it is live.
        """
        driver = self._drivers.get(run_id)
        status = driver.live.status if driver else await self._record_status(run_id)
        if status.live:
            raise Conflict("This test has not ended yet; stop it first.")
        if driver is not None and driver.live.unsaved is not None:
            self._forget(driver)  # nothing could be restored
            await self._store.delete_run(run_id)
        else:
            await self._store.hide_run(run_id, self._now())

    async def restore(self, run_id: str) -> None:
        """Brings a deleted run back; one that is not deleted stays as it is. Raises NotFound."""
        await self._store.restore_run(run_id)

    async def pin(self, run_id: str, pinned: bool) -> None:
        """Pins a run in any state, or lets it go. Raises NotFound."""
        await self._record(run_id)
        await self._store.update_run(run_id, pinned=pinned)

    async def set_baseline(self, run_id: str, wanted: bool) -> None:
        """Makes an ended run its plan's baseline, which later runs of the plan are held against, or not any
        more.

        Raises NotFound, and Conflict for a run that has not ended or measured nothing.
        """
        record = await self._record(run_id)
        if wanted:
            await choose_baseline(self._store, record)
        else:
            await self._store.clear_baseline(run_id)

    async def view(self, run_id: str) -> RunView:
        """The run as it stands, live or stored. Raises NotFound, StoreUnavailable."""
        driver = self._drivers.get(run_id)
        return driver.live.view() if driver else await self._shelf.view(run_id, self._now())

    def get_live(self, run_id: str) -> LiveRun | None:
        """The run, when it is this process's and has not ended or is not saved yet."""
        driver = self._drivers.get(run_id)
        return driver.live if driver else None

    def live_runs(self) -> list[RunView]:
        """This process's live runs: those that run in the order of their start, then the queue."""
        drivers = [*self._running.values(), *self._queue]
        return [driver.live.view() for driver in drivers if driver.live.status.live]

    @property
    def unsaved_count(self) -> int:
        """How many of this process's runs have something that the database does not take at present."""
        return sum(driver.live.unsaved is not None for driver in self._drivers.values())

    def subscribe(self, run_id: str, after_seq: int | None = None) -> Subscription:
        """One live run's events, see `Channel.subscribe`. Raises NotFound when it is not live."""
        driver = self._drivers.get(run_id)
        if driver is None:
            raise NotFound(f"There is no live run {run_id}.")
        return driver.live.channel.subscribe(after_seq)

    def subscribe_all(self, after_seq: int | None = None) -> Subscription:
        """The events of all runs, numbered by a count of their own."""
        return self.channel.subscribe(after_seq)

    # -- the queue -------------------------------------------------------------------------------------

    def _start_next(self) -> None:
        while self._queue and self._queue[0].saved_new and len(self._running) < self._settings.max_running:
            driver = self._queue.pop(0)
            self._running[driver.live.id] = driver
            self._spawn(self._drive(driver))
        for position, driver in enumerate(self._queue, 1):
            if driver.saved_new:
                driver.live.queued(position)

    def _out_of_time(self, driver: Driver) -> None:
        """A planned end at the ceiling is the run's own; this one had none, or was paused."""
        if driver.live.status is RunStatus.RUNNING:
            driver.stop_for(self._gate.ceilings.out_of_time)

    async def _drive(self, driver: Driver) -> None:
        limit_s = self._gate.ceilings.duration_s
        timer = None
        if limit_s is not None:
            timer = asyncio.get_running_loop().call_later(limit_s + GRACE_S, self._out_of_time, driver)
        try:
            await driver.run()
        except Exception:
            log.exception("Run %s failed", driver.live.id)
            driver.stop()
            driver.live.end_all(FAILED_INSIDE)
            driver.live.finish(Ending(RunStatus.ERROR, FAILED_INSIDE))
        finally:
            if timer is not None:
                timer.cancel()
            self._running.pop(driver.live.id, None)
            if not self._closing:
                self._start_next()
        await self._save_end(driver)

    def _end_unstarted(self, driver: Driver, ending: Ending) -> None:
        driver.live.finish(ending)
        self._spawn(self._save_end(driver))

    async def _save_end(self, driver: Driver) -> None:
        await driver.save_end()
        self._drivers.pop(driver.live.id, None)

    def _forget(self, driver: Driver) -> None:
        driver.abandon()
        self._drivers.pop(driver.live.id, None)
        if driver in self._queue:
            self._queue.remove(driver)
        self._start_next()

    # -- in the background -----------------------------------------------------------------------------

    async def _beat_forever(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            for driver in list(self._running.values()):
                driver.give_up_when_silent(self._clock())
            try:
                await self._store.beat(self._owner, self._now())
                await recover(self._store, self._owner, self._now())
            except StoreUnavailable:
                continue  # the runs that it concerns say so themselves
            except Exception:
                log.exception("The runs of other processes could not be looked after")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stops all live runs and saves them as interrupted; takes at most about two seconds."""
        if self._closing:
            return
        self._closing = True
        if self._beating is not None:
            self._beating.cancel()
        waiting, self._queue = self._queue, []
        for driver in waiting:
            self._end_unstarted(driver, Ending(RunStatus.INTERRUPTED, CLOSED_BEFORE))
        running = list(self._running.values())
        for driver in running:
            driver.live.interrupting(CLOSED)
            driver.stop()
        if running:
            ends = [asyncio.ensure_future(driver.live.shards_ended.wait()) for driver in running]
            _, late = await asyncio.wait(ends, timeout=STOP_S)
            for waiter in late:
                waiter.cancel()
            for driver in running:
                driver.live.end_all(CLOSED)
        if self._tasks:
            _, unsaved = await asyncio.wait(list(self._tasks), timeout=SAVE_S)
            for task in unsaved:
                task.cancel()
        for driver in list(self._drivers.values()):
            driver.abandon()
        self.channel.close()
