"""What processes on one PostgreSQL tell each other: LISTEN and NOTIFY, on a connection of its own.

A notice says where to look, never what is there; it comes when its transaction has been committed. Notices
that come while nobody listens are lost, so whoever hears looks around each time the connection is made.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import URL, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from webui.store import postgresql
from webui.store.faults import where

CHANNEL = "katydid"
CHECK_S = 5.0  # how often a silent connection is tried, and how long an answer may take
PAUSE_S = 1.0  # before a lost connection is made again

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunNotice:
    """Something of a run was written. Rows from position `first` on are new or changed; None: no rows.
    With `whole`, all rows have new positions."""

    run_id: str
    first: int | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class CommandNotice:
    """Somebody asks something of `owner`."""

    command_id: str
    owner: str


@dataclass(frozen=True, slots=True)
class AnswerNotice:
    """A command has its answer."""

    command_id: str


Notice = RunNotice | CommandNotice | AnswerNotice
_KINDS: dict[str, type[RunNotice] | type[CommandNotice] | type[AnswerNotice]] = {
    kind.__name__: kind for kind in (RunNotice, CommandNotice, AnswerNotice)
}


async def tell(connection: AsyncConnection, notice: Notice) -> None:
    """Tells all that listen, once the transaction is committed. Without an effect on SQLite."""
    if connection.dialect.name == "postgresql":
        text = json.dumps([type(notice).__name__, asdict(notice)], separators=(",", ":"))
        await connection.execute(select(func.pg_notify(CHANNEL, text)))


def read(text: str) -> Notice | None:
    """The notice; None for one that this version does not know."""
    try:
        kind, fields = json.loads(text)
        return _KINDS[kind](**fields)
    except (ValueError, TypeError, KeyError):
        return None


class Listening:
    """Hears notices until it is closed, through broken connections. `heard` is called with each notice, and
    `joined` whenever a connection was made; both in the loop's thread, and they must not wait."""

    def __init__(self, url: URL, heard: Callable[[Notice], None], joined: Callable[[], None]) -> None:
        self._url = url
        self._heard = heard
        self._joined = joined
        self._silent = False
        self._task = asyncio.ensure_future(self._forever())

    async def close(self) -> None:
        """Ends the connection."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _forever(self) -> None:
        while True:
            try:
                await self._listen()
            except postgresql.faults() as error:
                if not self._silent:  # once, however long it lasts
                    log.warning("%s tells nothing for now: %s", where(self._url), error)
                self._silent = True
            await asyncio.sleep(PAUSE_S)

    async def _listen(self) -> None:
        """Returns when the connection is lost."""
        connection = await postgresql.connect(self._url)
        try:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, self._take)
            self._silent = False
            self._joined()
            while not lost.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(lost.wait(), CHECK_S)
                    return
                await connection.execute("SELECT 1", timeout=CHECK_S)
        finally:
            connection.terminate()

    def _take(self, _connection: Any, _pid: int, _channel: str, text: str) -> None:
        notice = read(text)
        if notice is not None:
            self._heard(notice)
