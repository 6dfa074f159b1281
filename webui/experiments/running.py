"""One experiment on its way: starts each variant, runs its cells one after another, compares."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime

from webui.analysis.document import RunDocument
from webui.analysis.experiment import CellFigures
from webui.errors import Conflict, KatydidError, NotFound, StoreUnavailable
from webui.experiments.model import Cell, Definition, Experiment, Progress, Status
from webui.experiments.plans import Endpoint, cell_plan, sweep_plan
from webui.experiments.variants import Commands, answering
from webui.lab.manager import LabManager
from webui.plan.model import Plan
from webui.runs.manager import RunManager
from webui.store import ExperimentRecord, Store

log = logging.getLogger(__name__)


class Running:
    """Its state changes by whole documents, so a view never shows half a step."""

    def __init__(
        self,
        id: str,
        definition: Definition,
        commands: Commands,
        store: Store,
        manager: RunManager,
        lab: LabManager,
        may_test: bool = False,
    ) -> None:
        # fixed
        self.id = id
        self.created_at = datetime.now(UTC)
        self._definition = definition
        self._commands = commands
        self._store = store
        self._manager = manager
        self._lab = lab
        self._may_test = may_test
        # state
        self._status: Status = "waiting"
        self._progress = Progress.of(definition)

    def view(self) -> Experiment:
        """It as it stands."""
        return Experiment(self.id, self.created_at, self._status, self._definition, self._progress)

    def record(self, owner: str) -> ExperimentRecord:
        """It as the store is to have it."""
        return ExperimentRecord(
            id=self.id,
            name=self._definition.title,
            created_at=self.created_at,
            status=self._status,
            owner=owner,
            definition=self._definition.model_dump(mode="json"),
            result=self._progress.model_dump(mode="json"),
        )

    async def save(self) -> None:
        """Writes how it stands. Raises StoreUnavailable, NotFound when it was deleted."""
        result = self._progress.model_dump(mode="json")
        await self._store.update_experiment(self.id, status=self._status, result=result)

    def end(self, status: Status, reason: str) -> None:
        """Nothing more comes."""
        self._status = status
        self._progress = self._progress.closed(reason).compared(self._definition)

    async def run(self) -> None:
        """Every variant, row by row; one that fails says so in its row, and the next one begins."""
        self._status = "running"
        for row in range(len(self._definition.variants)):
            try:
                await self._variant(row)
            except KatydidError as error:
                self._change(row, status="failed", problem=str(error))
                self._skip(row)
            self._progress = self._progress.compared(self._definition)
            await self._save_softly()

    async def _variant(self, row: int) -> None:
        definition, variant = self._definition, self._definition.variants[row]
        self._change(row, status="starting")
        async with answering(definition, variant, self._lab, self._commands) as at:
            self._change(row, status="running", base_url=at.base_url)
            for cell in self._progress.row(row):
                problem = await self._cell(cell, at)
                if problem:  # nothing answers there: no reason to send more
                    self._change(row, status="failed", problem=problem)
                    self._skip(row)
                    return
            if definition.diagnose:
                await self._diagnosis(row, at)
        self._change(row, status="done")

    async def _cell(self, cell: Cell, at: Endpoint) -> str:
        """Runs a cell; returns why nothing was measured, where that is so."""
        variant = self._definition.variants[cell.variant]
        plan = cell_plan(self._definition, variant, at, cell.users)
        place = {"variant": variant.label, "users": cell.users}
        document = await self._to_its_end(plan, place, cell)
        measured = document.status in ("passed", "failed", "stopped")
        ended = cell.model_copy(
            update={
                "run_id": document.id,
                "status": "done" if measured else "failed",
                "figures": _figures(cell.users, document) if measured else None,
                "reason": document.status_reason,
            }
        )
        self._progress = self._progress.with_cell(ended).compared(self._definition)
        await self._save_softly()
        return "" if measured else document.status_reason

    async def _diagnosis(self, row: int, at: Endpoint) -> None:
        variant = self._definition.variants[row]
        self._change(row, status="diagnosing")
        plan = self._manager.ceilings.within(sweep_plan(self._definition, variant, at))
        document = await self._to_its_end(plan, {"variant": variant.label}, None, row)
        found = document.diagnosis
        if found is not None:
            known = found.pattern != "inconclusive"
            at_a_time = found.effective_parallelism.value if known else None
            self._change(
                row,
                pattern=found.pattern,
                headline=found.headline,
                confidence=found.confidence,
                at_a_time=at_a_time,
            )

    async def _to_its_end(
        self, plan: Plan, place: dict[str, object], cell: Cell | None, row: int = 0
    ) -> RunDocument:
        """Starts a run and waits until it has ended; it is stopped when this is cancelled."""
        view = await self._manager.create(plan, may_test=self._may_test)
        if cell is not None:
            self._progress = self._progress.with_cell(
                cell.model_copy(update={"status": "running", "run_id": view.id})
            )
        else:
            self._change(row, sweep_run_id=view.id)
        try:
            with suppress(NotFound):  # it has ended already
                async with self._manager.subscribe(view.id) as events:
                    with suppress(StoreUnavailable):  # its place is in the experiment's own document too
                        await self._store.update_run(view.id, experiment_id=self.id, cell=place)
                    async for _ in events:
                        pass
        except asyncio.CancelledError:
            with suppress(NotFound, Conflict):
                await self._manager.stop(view.id)
            raise
        ended = await self._manager.view(view.id)
        return await asyncio.to_thread(ended.result)

    def _change(self, row: int, **changes: object) -> None:
        self._progress = self._progress.with_variant(row, **changes)

    def _skip(self, row: int) -> None:
        for cell in self._progress.row(row):
            if cell.status in ("waiting", "running"):
                self._progress = self._progress.with_cell(cell.model_copy(update={"status": "skipped"}))

    async def _save_softly(self) -> None:
        try:
            await self.save()
        except StoreUnavailable as error:
            log.warning("Experiment %s is not saved yet: %s", self.id, error)


def _figures(users: int, document: RunDocument) -> CellFigures:
    return CellFigures(
        users=users,
        throughput_rps=document.totals.throughput_rps,
        p50_ms=document.response_time_ms.p50,
        p95_ms=document.response_time_ms.p95,
        success_percent=document.totals.success_percent,
        trustworthy=document.audit.trustworthy is not False,
        generator_wait_percent=document.audit.generator_wait_percent,
    )
