"""A run on its way to the store: written as it changes, retried for as long as it takes.

What waits is a set of positions in the series and the newest value of each field, so it is bounded; a row
is read when it is written, in its newest state. The run never waits.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol, Unpack

from webui.errors import NotFound, StoreUnavailable
from webui.metrics import codec
from webui.metrics.series import Change, Series
from webui.store import RunChanges

RETRY_FIRST_S = 0.5
RETRY_LONGEST_S = 5.0
SLOW_S = 2.0  # a write that takes longer is told of before its outcome is known
SLOW = "The database has not answered for a while; Katydid goes on asking."

Rows = list[tuple[int, bytes]]
Sleep = Callable[[float], Coroutine[Any, Any, None]]
Trouble = Callable[[str | None], None]

log = logging.getLogger(__name__)


class RunStore(Protocol):
    """The part of the store that a journal writes to."""

    async def update_run(self, run_id: str, **changes: Unpack[RunChanges]) -> None: ...

    async def put_snapshots(self, run_id: str, rows: Rows) -> None: ...

    async def replace_snapshots(self, run_id: str, rows: Rows) -> None: ...

    async def finish_run(
        self, run_id: str, *, result: Mapping[str, Any], **changes: Unpack[RunChanges]
    ) -> None: ...


class Journal:
    """Writes one run. `on_trouble` is told why the newest state is not on disk, and None once it is."""

    def __init__(
        self,
        store: RunStore,
        run_id: str,
        series: Series,
        on_trouble: Trouble,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._store = store
        self._run_id = run_id
        self._series = series
        self._on_trouble = on_trouble
        self._sleep = sleep
        self._fields: RunChanges = {}
        self._dirty: set[int] = set()
        self._replace = False  # all rows have new positions
        self._closing = False
        self._troubled = False
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to write in the background."""
        self._task = asyncio.ensure_future(self._write_until_closed())

    def change(self, **changes: Unpack[RunChanges]) -> None:
        """Sets fields of the run."""
        self._fields.update(changes)
        self._changed.set()

    def note(self, change: Change) -> None:
        """A row is new or was changed."""
        self._replace = self._replace or change.compacted
        self._dirty.add(change.position)
        self._changed.set()

    async def finish(self, result: Mapping[str, Any], changes: RunChanges) -> None:
        """Writes what waits, then the run's end; returns when all is on disk."""
        self._closing = True
        self._changed.set()
        if self._task is not None:
            await self._task
        await self._until_stored(
            lambda: self._store.finish_run(self._run_id, result=result, **changes),
        )

    def abandon(self) -> None:
        """Gives up what is not on disk yet."""
        if self._task is not None:
            self._task.cancel()

    async def _write_until_closed(self) -> None:
        while not self._closing or self._fields or self._dirty or self._replace:
            await self._changed.wait()
            self._changed.clear()
            await self._until_stored(self._write_pending)

    async def _write_pending(self) -> None:
        while self._fields or self._dirty or self._replace:
            fields, dirty, replace = self._fields, self._dirty, self._replace
            self._fields, self._dirty, self._replace = {}, set(), False
            try:
                await self._write(fields, dirty, replace)
            except NotFound:
                raise
            except BaseException:
                self._fields = {**fields, **self._fields}
                self._dirty |= dirty
                self._replace |= replace
                raise

    async def _write(self, fields: RunChanges, dirty: set[int], replace: bool) -> None:
        wanted = self._series.rows if replace else dirty
        rows = [(position, self._series.rows[position]) for position in sorted(wanted)]
        if fields:
            await self._store.update_run(self._run_id, **fields)
        if not rows:
            return
        encoded = await asyncio.to_thread(lambda: [(at, codec.encode(row)) for at, row in rows])
        if replace:
            await self._store.replace_snapshots(self._run_id, encoded)
        else:
            await self._store.put_snapshots(self._run_id, encoded)

    async def _until_stored(self, write: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Calls `write` until the store takes it, with growing pauses. A deleted run needs no storing."""
        pause = RETRY_FIRST_S
        while (trouble := await self._attempt(write)) is not None:
            self._tell(trouble)
            await self._sleep(pause)
            pause = min(pause * 2, RETRY_LONGEST_S)
        self._tell(None)

    def _tell(self, trouble: str | None) -> None:
        self._troubled = trouble is not None
        self._on_trouble(trouble)

    def _tell_slow(self) -> None:
        if not self._troubled:  # what went wrong before says more
            self._tell(SLOW)

    async def _attempt(self, write: Callable[[], Coroutine[Any, Any, None]]) -> str | None:
        """Why it failed; None when it is done."""
        slow = asyncio.get_running_loop().call_later(SLOW_S, self._tell_slow)
        try:
            await write()
        except NotFound:
            return None
        except StoreUnavailable as error:
            return str(error)
        except Exception as error:
            log.exception("Run %s could not be written", self._run_id)
            return f"The results could not be written: {error}"
        finally:
            slow.cancel()
        return None
