"""What is done to runs in the store, whoever runs or ran them."""

from collections.abc import Callable
from datetime import datetime

from webui.runs.baseline import choose_baseline
from webui.runs.state import RunStatus
from webui.runs.stored import missing
from webui.store import RunRecord, Store


class Shelved:
    """A part of the run manager: it needs the store alone."""

    _store: Store
    _now: Callable[[], datetime]

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

    async def _record_status(self, run_id: str) -> RunStatus:
        return RunStatus((await self._record(run_id)).status)

    async def _record(self, run_id: str) -> RunRecord:
        record = await self._store.get_run(run_id, with_result=False)
        if record is None:
            raise await missing(self._store, run_id)
        return record
