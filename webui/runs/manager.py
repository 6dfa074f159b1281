"""All live runs of this process: created, queued, started in their order, stopped and saved."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any

from webui.errors import Conflict, QueueFull
from webui.plan.documents import plan_to_data
from webui.plan.model import Plan
from webui.runs.baseline import baseline_of
from webui.runs.broadcast import Channel, RunEvent
from webui.runs.changes import Wanted, wanted_changes
from webui.runs.driving import Driver, FleetLike
from webui.runs.ids import new_run_id
from webui.runs.labels import checked_labels
from webui.runs.limits import CLOSED, CLOSED_BEFORE, ENDED, FAILED_INSIDE, GRACE_S, SAVE_S, STOP_S, Limits
from webui.runs.live import LiveRun, utc_now
from webui.runs.model import RunView
from webui.runs.others import Others
from webui.runs.outcome import Ending
from webui.runs.ownership import BEAT_S, SILENT_S, this_process
from webui.runs.seen import Seen
from webui.runs.shelf import Shelf
from webui.runs.shelved import Shelved
from webui.runs.state import RunStatus
from webui.security.ceilings import Ceilings
from webui.security.gate import Gate
from webui.store import RunRecord, Store
from webui.units import plural

log = logging.getLogger(__name__)

# Of those whose turn has come; until its task has had the event loop, such a run is still queued.
_STOPPABLE = (RunStatus.QUEUED, RunStatus.RUNNING)


class RunManager(Shelved, Seen):
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
        follow: bool = True,
        silent_s: float = SILENT_S,
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
        self._others = Others(store, self, self._owner, now=now, follow=follow, silent_s=silent_s)
        # state
        self._drivers: dict[str, Driver] = {}
        self._queue: list[Driver] = []
        self._running: dict[str, Driver] = {}  # in the order of their start
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None
        # told
        self.channel = Channel()  # the events of all runs of this process
        self.everywhere = Channel()  # and of others on the same database

    async def start(self) -> None:
        """Ends the runs of processes that are gone. Raises StoreUnavailable."""
        await self._others.start()
        self._watching = asyncio.ensure_future(self._watch_engines())

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
        live.on_event = self._publish
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
        if not live.status.live:  # stopped meanwhile
            self._spawn(self._save_end(driver))
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

        Raises NotFound, Conflict for a run that has ended otherwise, and what `_ask_owner` raises.
        """
        driver = self._drivers.get(run_id)
        if driver is None:
            await self._stop_elsewhere(run_id)
        elif driver in self._queue:
            self._queue.remove(driver)
            self._end_unstarted(driver, Ending(RunStatus.STOPPED, f"{self._by_you()}, before it had started"))
            self._start_next()
        elif driver.live.status in _STOPPABLE:
            driver.stop_for(self._by_you())
        elif driver.live.status not in (RunStatus.STOPPING, RunStatus.STOPPED):
            raise Conflict(ENDED)

    async def stop_all(self) -> list[str]:
        """Stops all live runs, also those that wait and those of others on the same PostgreSQL; their ids.

        Raises OwnerSilent where another process does not answer; all that can be stopped are.
        """
        # The queue goes first, so that none of it takes the place of one that ends.
        waiting, self._queue = self._queue, []
        for driver in waiting:
            self._end_unstarted(driver, Ending(RunStatus.STOPPED, f"{self._by_you()}, before it had started"))
        running = [each for each in self._running.values() if each.live.status in _STOPPABLE]
        for driver in running:
            driver.stop_for(self._by_you())
        return [driver.live.id for driver in (*running, *waiting)] + await self._others.stop_all()

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

        Raises InvalidInput for what is out of range, NotFound, Conflict for a run that is not running or
        whose shape has no such change, and what `_ask_owner` raises.
        """
        wanted = wanted_changes(users, rate_rps, paused, add_s)
        driver = self._drivers.get(run_id)
        if driver is not None:
            self._check_ceilings(driver.live, wanted)
            driver.change(wanted)
            return
        record = await self._record(run_id)
        if not RunStatus(record.status).live:
            raise Conflict(ENDED)
        load = {"users": users, "rate_rps": rate_rps, "paused": paused, "add_s": add_s}
        await self._ask_owner(record, "change", load)

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

        Raises InvalidInput, NotFound, OwnerSilent, StoreUnavailable.
        """
        driver = self._drivers.get(run_id)
        if driver is not None:
            driver.label(checked_labels(plan_to_data(driver.live.plan), name, tags, note))
            return
        record = await self._record(run_id)
        labels = checked_labels(record.plan, name, tags, note)
        wanted = {"name": name, "tags": None if tags is None else list(tags), "note": note}
        live = RunStatus(record.status).live
        if not (live and await self._others.ask(run_id, record.owner, "label", wanted)):
            await self._store.update_run(run_id, **labels)

    async def _stop_elsewhere(self, run_id: str) -> None:
        record = await self._record(run_id)
        status = RunStatus(record.status)
        if status.live:
            await self._ask_owner(record, "stop", {})
        elif status is not RunStatus.STOPPED:
            raise Conflict(ENDED)

    async def _ask_owner(self, record: RunRecord, kind: str, arguments: Mapping[str, Any]) -> None:
        """Has the process that runs the run do it.

        Raises what that process would, OwnerSilent, and Conflict where it cannot be asked: on SQLite.
        """
        if not await self._others.ask(record.id, record.owner, kind, arguments):
            raise Conflict("This test was started by another process; control it there.")

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

    def _publish(self, event: RunEvent) -> None:
        self.channel.publish(event)
        self.everywhere.publish(event)

    # -- for what others on the same database do: see `webui.runs.others.Home` ---------------------------

    def owns(self, run_id: str) -> bool:
        """Whether the run is this process's."""
        return run_id in self._drivers

    def told(self, event: RunEvent) -> None:
        """Something happened to a run of another process."""
        self.everywhere.publish(event)

    def beat(self, held: Sequence[str]) -> None:
        """Takes runs back that another process has declared dead: its sign of life came too late."""
        lost = (run_id for run_id, driver in self._drivers.items() if driver.saved_new and run_id not in held)
        for run_id in lost:
            self._drivers[run_id].take_back()

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
        later = asyncio.get_running_loop().call_later
        timer = None if limit_s is None else later(limit_s + GRACE_S, self._out_of_time, driver)
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
        if driver.saved_new:  # else `create` saves its end, too: the store does not know it yet
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

    async def _watch_engines(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            for driver in list(self._running.values()):
                driver.give_up_when_silent(self._clock())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stops all live runs and saves them as interrupted; takes at most about two seconds."""
        if self._closing:
            return
        self._closing = True
        if self._watching is not None:
            self._watching.cancel()
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
        await self._others.close()
        self.channel.close()
        self.everywhere.close()
