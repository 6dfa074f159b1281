"""One run from its turn to its end: launches its shards, waits for them, and saves what came of it."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from webui.errors import GeneratorFailed
from webui.fleet import ShardSpec, shard_specs
from webui.plan.documents import plan_to_data
from webui.plan.identity import plan_key
from webui.plan.load import Shape
from webui.runs.changes import RunChange, Wanted
from webui.runs.journal import Journal
from webui.runs.live import LiveRun
from webui.runs.outcome import Ending
from webui.runs.state import RunStatus
from webui.runs.summary import final_fields, load_text, target_text
from webui.security.gate import Admitted
from webui.store import RunChanges, RunRecord, Store

SAVE_FIRST_S = 1.0  # how long the end waits to be saved before viewers are told of it
SILENCE_LIMIT_S = 30.0  # engines report at least once a second

log = logging.getLogger(__name__)

OnShardEvent = Callable[[dict[str, Any]], None]


class LaunchLike(Protocol):
    """A started run in the fleet."""

    async def stop(self) -> None: ...

    async def kill(self, shard: int) -> None: ...

    def change(self, number: int, kind: str, value: float | None) -> None: ...


class FleetLike(Protocol):
    """The part of the fleet that runs use."""

    def shards_for(self, load: Shape) -> int: ...

    async def launch(self, specs: Sequence[Any], on_event: OnShardEvent) -> LaunchLike: ...


class Driver:
    """Does the I/O for one `LiveRun`."""

    def __init__(
        self, live: LiveRun, store: Store, fleet: FleetLike, owner: str, admitted: Admitted | None = None
    ) -> None:
        self.live = live
        self.saved_new = False
        self._store = store
        self._fleet = fleet
        self._owner = owner
        self._admitted = admitted
        self._launch: LaunchLike | None = None
        self._stop_asked = False
        self._stop_reason: str | None = None  # of a stop between its turn and its start
        self._tasks: set[asyncio.Task[None]] = set()
        self._journal = Journal(store, live.id, live.series, self._note_trouble)
        live.on_row = self._journal.note
        live.on_hung = self._kill
        live.on_abort = self._abort

    # -- before ----------------------------------------------------------------------------------------

    async def save_new(self) -> None:
        """Puts the run into the store. Raises StoreUnavailable: then it does not exist."""
        live, plan = self.live, self.live.plan
        record = RunRecord(
            id=live.id,
            name=plan.title,
            status=live.status.value,
            target=target_text(plan),
            load=load_text(plan),
            planned_s=live.planned_s,
            created_at=live.created_at,
            tags=plan.tags,
            owner=self._owner,
            heartbeat_at=live.created_at,
            plan=plan_to_data(plan),
            note=plan.note,
            plan_key=plan_key(plan),
            baseline=None if live.baseline is None else live.baseline.model_dump(mode="json"),
        )
        await self._store.add_run(record)
        self._journal.start()
        self.saved_new = True

    # -- while it runs ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Runs it to its end; then its final status stands."""
        live = self.live
        specs = self._specs()
        live.starting(len(specs))
        if self._stop_reason is not None:
            live.stopping(self._stop_reason)
        self._save_state()
        try:
            self._launch = await self._fleet.launch(specs, live.receive)
        except GeneratorFailed as error:
            live.finish(Ending(RunStatus.ERROR, str(error)))
            return
        self._tell(live.changes)
        if self._stop_asked:
            self.stop()
        await live.shards_ended.wait()
        live.finish(live.ending())

    def _specs(self) -> list[ShardSpec]:
        live, admitted = self.live, self._admitted
        addresses, policy = (None, None) if admitted is None else (admitted.addresses, admitted.policy)
        shards = self._fleet.shards_for(live.plan.load)
        return shard_specs(live.id, live.plan, shards, addresses=addresses, policy=policy)

    def _save_state(self) -> None:
        live = self.live
        self._journal.change(
            status=live.status.value,
            status_reason=live.reason,
            started_at=live.started_at,
            shards=live.shards,
        )

    def take_back(self) -> None:
        """Says again whose it is and where it stands, as another process has written otherwise."""
        if self.live.status.live:
            self._journal.change(owner=self._owner, ended_at=None)
            self._save_state()

    def change(self, wanted: Sequence[Wanted]) -> None:
        """Changes the load while it runs. Raises Conflict."""
        self._tell(self.live.change(wanted))
        self._journal.change(planned_s=self.live.planned_s)

    def _tell(self, changes: Sequence[RunChange]) -> None:
        """Hands changes to the engines; before those have been launched, all wait for that."""
        if self._launch is not None:
            for change in changes:
                self._launch.change(change.number, change.kind, change.value)

    def label(self, labels: RunChanges) -> None:
        """Sets what a person wrote on it."""
        self.live.label(labels)
        self._journal.change(**labels)

    def stop_for(self, reason: str) -> None:
        """Somebody pressed Stop; its turn has come."""
        if self.live.status is RunStatus.QUEUED:
            self._stop_reason, self._stop_asked = reason, True
            return
        self.live.stopping(reason)
        self._save_state()
        self.stop()

    def _abort(self, reason: str) -> None:
        self.live.aborting(reason)
        self._save_state()
        self.stop()

    def stop(self) -> None:
        """Ends its load."""
        self._stop_asked = True
        if self._launch is not None:
            self._spawn(self._launch.stop())

    def give_up_when_silent(self, now: float) -> None:
        """Ends engines from which nothing has come for too long; `now` is by the run's clock."""
        if self._launch is not None and now - self.live.heard_at > SILENCE_LIMIT_S:
            self.stop()

    def _kill(self, shard: int) -> None:
        if self._launch is not None:
            self._spawn(self._launch.kill(shard))

    # -- after -----------------------------------------------------------------------------------------

    async def save_end(self) -> None:
        """Saves the ended run and tells viewers; returns when it is on disk, however long that takes."""
        saving = asyncio.ensure_future(self._save_result())
        try:
            await asyncio.wait([saving], timeout=SAVE_FIRST_S)
            self.live.announce_end()
            await asyncio.shield(saving)
        except asyncio.CancelledError:
            saving.cancel()
            raise

    async def _save_result(self) -> None:
        view = self.live.view()
        document = await asyncio.to_thread(view.result)
        result = await asyncio.to_thread(document.model_dump, mode="json", by_alias=True)
        await self._journal.finish(result, final_fields(view))

    def abandon(self) -> None:
        """Gives up what has not been saved."""
        self._journal.abandon()
        for task in self._tasks:
            task.cancel()

    def _note_trouble(self, trouble: str | None) -> None:
        if trouble is not None and trouble != self.live.unsaved:
            log.warning("Run %s is not saved yet: %s", self.live.id, trouble)
        self.live.unsaved = trouble

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
