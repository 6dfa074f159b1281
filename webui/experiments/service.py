"""All experiments of this process: one runs at a time, the others wait; each is saved as it goes on."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from webui.errors import (
    Conflict,
    InvalidInput,
    KatydidError,
    NotFound,
    Problem,
    QueueFull,
    StoreUnavailable,
)
from webui.experiments.model import Definition, Experiment, Progress, Status
from webui.experiments.plans import Endpoint, cell_plan
from webui.experiments.running import Running
from webui.experiments.variants import Commands
from webui.lab.manager import LabManager
from webui.lab.registry import find
from webui.runs.ids import new_run_id
from webui.runs.manager import RunManager
from webui.runs.ownership import is_alive, this_process
from webui.store import ExperimentRecord, Store

MAX_WAITING = 10
RECENT = 10
BY_YOU = "Stopped by you."
CLOSED = "Katydid was closed."
NOT_STARTED = "http://127.0.0.1"  # where a variant answers that is still to be started
GONE = "Katydid ended while it ran."
ONLY_THERE = "a start command is given on the command line only, with katydid experiment --start"

log = logging.getLogger(__name__)


class ExperimentManager:
    """For one event loop. Two experiments at a time would measure each other."""

    def __init__(self, store: Store, manager: RunManager, lab: LabManager) -> None:
        # fixed
        self._store = store
        self._manager = manager
        self._lab = lab
        self._owner = this_process()
        # state
        self._live: dict[str, Running] = {}  # in the order of their creation
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()
        self._closing = False

    async def create(
        self, definition: Definition, commands: Commands | None = None, *, may_test: bool = False
    ) -> Experiment:
        """Starts an experiment, or queues it. `commands` start the variants that are `started`. `may_test`:
        somebody said that the public addresses in it may be tested.

        Raises NotFound for an unknown practice target, InvalidInput, TargetRefused, Unconfirmed, QueueFull,
        StoreUnavailable, Conflict.
        """
        if self._closing:
            raise Conflict("Katydid is closing; no experiment can be started.")
        if len(self._tasks) > MAX_WAITING:
            raise QueueFull(f"{MAX_WAITING} experiments wait already. Start this one when some have ended.")
        commands = commands or {}
        if any(variant.started and variant.label not in commands for variant in definition.variants):
            raise InvalidInput.at("variants", ONLY_THERE)
        if definition.target is not None:
            target = find(definition.target)
            for variant in definition.variants:
                target.setup(workers=variant.workers)
        await self._check(definition, may_test=may_test)
        running = Running(
            "x_" + new_run_id()[2:], definition, commands, self._store, self._manager, self._lab, may_test
        )
        await self._store.add_experiment(running.record(self._owner))
        self._live[running.id] = running
        self._tasks[running.id] = asyncio.create_task(self._run(running))
        return running.view()

    async def _check(self, definition: Definition, *, may_test: bool) -> None:
        """Raises what the runs would be refused with, as far as it is known before variants are started."""
        for index, variant in enumerate(definition.variants):
            at = Endpoint(variant.base_url or NOT_STARTED, definition.path)
            plan = cell_plan(definition, variant, at, max(definition.users))
            try:
                if variant.base_url is None:
                    self._manager.ceilings.fitted(plan)
                else:
                    await self._manager.check(plan, may_test=may_test)
            except InvalidInput as error:
                raise _at_variant(error, index) from error

    async def _run(self, running: Running) -> None:
        try:
            async with self._turn:
                await running.run()
        except asyncio.CancelledError:
            await self._finish_early(running)
            raise
        except Exception as error:
            known = isinstance(error, KatydidError)
            if not known:
                log.exception("Experiment %s failed", running.id)
            reason = str(error) if known else "Katydid itself failed; its log says how."
            await self._finish(running, "interrupted", reason)
        else:
            await self._finish(running, "finished", "")

    async def _finish_early(self, running: Running) -> None:
        if self._closing:
            await self._finish(running, "interrupted", CLOSED)
        else:
            await self._finish(running, "stopped", BY_YOU)

    async def _finish(self, running: Running, status: Status, reason: str) -> None:
        running.end(status, reason)
        try:
            await running.save()
        except StoreUnavailable as error:  # then it can be seen for as long as this process lives
            log.warning("Experiment %s could not be saved: %s", running.id, error)
        else:
            self._live.pop(running.id, None)
        finally:
            self._tasks.pop(running.id, None)

    async def stop(self, experiment_id: str) -> None:
        """Ends it; what is measured stays. One that has ended is left so. Raises NotFound."""
        task = self._tasks.get(experiment_id)
        if task is None:
            await self.view(experiment_id)
            return
        await self._end([experiment_id])

    async def _end(self, ids: Sequence[str]) -> None:
        """Cancels these experiments and waits until they have ended."""
        tasks = [self._tasks[id] for id in ids]
        _cancel(tasks)
        if tasks:
            await asyncio.wait(tasks)
        for id in ids:
            if id in self._tasks:  # cancelled before its first step, so nothing of it ran
                await self._finish_early(self._live[id])

    @property
    def busy(self) -> bool:
        """Whether an experiment runs or waits."""
        return bool(self._tasks)

    async def stop_everything(self) -> tuple[list[str], list[str]]:
        """Ends all experiments and all live runs of this process, those that wait included; the ids of the
        runs and of the experiments. What is measured stays."""
        ids = list(self._tasks)
        _cancel(self._tasks.values())  # before the runs: an experiment would go on with its next one
        runs = await self._manager.stop_all()
        await self._end([id for id in ids if id in self._tasks])
        return runs, ids

    async def view(self, experiment_id: str) -> Experiment:
        """The experiment as it stands. Raises NotFound, StoreUnavailable."""
        if experiment_id in self._live:
            return self._live[experiment_id].view()
        record = await self._store.get_experiment(experiment_id)
        if record is None:
            raise NotFound("There is no such experiment. It may have been deleted.")
        return self._stored(record)

    async def recent(self, limit: int = RECENT, cursor: str | None = None) -> Sequence[Experiment]:
        """The newest experiments, or those after a cursor. Raises StoreUnavailable, InvalidInput."""
        records = await self._store.list_experiments(limit, cursor)
        return [
            self._live[record.id].view() if record.id in self._live else self._stored(record)
            for record in records
        ]

    def _stored(self, record: ExperimentRecord) -> Experiment:
        found = stored_experiment(record)
        if not found.live or is_alive(record.owner, None, datetime.now(UTC)):
            return found
        progress = found.progress.closed(GONE)
        return Experiment(found.id, found.created_at, "interrupted", found.definition, progress)

    async def close(self) -> None:
        """Ends all of them."""
        self._closing = True
        await self._end(list(self._tasks))


def _cancel(tasks: Iterable["asyncio.Task[None]"]) -> None:
    """A second cancelling would break into the end that the first one began."""
    for task in tasks:
        if not task.cancelling():
            task.cancel()


_FIELDS = {"base_url": "variants[{0}].base_url", "load.users": "users", "load.duration_s": "cell_s"}


def _at_variant(error: InvalidInput, index: int) -> InvalidInput:
    """The same error, by the fields of the definition."""
    problems = (
        Problem(_FIELDS.get(each.field, each.field).format(index), each.message) for each in error.problems
    )
    return type(error)(list(problems))


def stored_experiment(record: ExperimentRecord) -> Experiment:
    """An experiment as the store has it."""
    definition = Definition.model_validate(record.definition)
    progress = Progress.of(definition) if record.result is None else Progress.model_validate(record.result)
    status: Any = record.status
    return Experiment(record.id, record.created_at, status, definition, progress)
