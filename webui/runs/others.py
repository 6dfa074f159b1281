"""The other processes on the same database: whose runs they are, whether they live, what they ask for.

On PostgreSQL their live runs are followed as they are written, and controlled by commands that their owner
carries out. On SQLite nobody is told anything: runs of others are read from the file when somebody looks.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from webui.errors import KatydidError, NotFound, OwnerSilent, StoreUnavailable
from webui.runs.broadcast import RunEvent
from webui.runs.following import FollowedRun
from webui.runs.forwarding import Controls, obeyed, silent, state_of
from webui.runs.model import RunView
from webui.runs.ownership import BEAT_S, SILENT_S, host_of, is_alive
from webui.runs.recovery import recover
from webui.store import AnswerNotice, CommandNotice, Listening, Notice, Store

ANSWER_S = 1.0  # how long an owner may take to begin with a command, and then to answer
LOOK_S = 0.25  # how often an answer is looked for whose notice was lost
RETRY_S = 1.0

log = logging.getLogger(__name__)


class Home(Controls, Protocol):
    """This process's runs."""

    def owns(self, run_id: str) -> bool: ...

    def beat(self, held: Sequence[str]) -> None:
        """Called with every sign of life; `held` are the live runs that are this process's to the store."""

    def told(self, event: RunEvent) -> None:
        """Something happened to a run of another process."""


class Others:
    """One for a process, for its event loop."""

    def __init__(
        self,
        store: Store,
        home: Home,
        owner: str,
        *,
        now: Callable[[], datetime],
        follow: bool = True,
        silent_s: float = SILENT_S,
    ) -> None:
        # fixed
        self._store = store
        self._home = home
        self._owner = owner
        self._now = now
        self._follow = follow
        self._silent_s = silent_s
        # state
        self._runs: dict[str, FollowedRun] = {}
        self._answers: dict[str, asyncio.Event] = {}  # by command: its answer is there
        self._listening: Listening | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Ends the runs of processes that are gone, then listens. Raises StoreUnavailable."""
        await self._recover()
        self._listening = self._store.listen(self._heard, self._joined)
        self._spawn(self._beat_forever())

    async def close(self) -> None:
        """Hears and follows nothing any more."""
        if self._listening is not None:
            await self._listening.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for run in self._runs.values():
            run.gone()

    # -- their runs ------------------------------------------------------------------------------------

    def get(self, run_id: str) -> FollowedRun | None:
        """A live run of another process, where it is followed."""
        run = self._runs.get(run_id)
        return run if run is not None and run.ready else None

    def views(self) -> list[RunView]:
        """The live runs of other processes that are followed."""
        return [run.view() for run in self._runs.values() if run.ready and run.status.live]

    @property
    def any_live(self) -> bool:
        """Whether there is one; for any thread."""
        return any(run.ready and run.status.live for run in list(self._runs.values()))

    def _heard(self, notice: Notice) -> None:
        if isinstance(notice, AnswerNotice):
            if notice.command_id in self._answers:
                self._answers[notice.command_id].set()
        elif isinstance(notice, CommandNotice):
            if notice.owner == self._owner:
                self._spawn(self._obey(notice.command_id))
        elif self._follow and not self._home.owns(notice.run_id):
            self._run(notice.run_id).heard(notice)

    def _joined(self) -> None:
        """What was told until now has been missed."""
        self._spawn(self._look_around())

    async def _look_around(self) -> None:
        with suppress(StoreUnavailable):  # then the connection breaks as well, and is made again
            for command_id in await self._store.waiting_commands(self._owner):
                self._spawn(self._obey(command_id))
            for summary in await self._store.live_runs() if self._follow else ():
                if not self._home.owns(summary.id):
                    self._run(summary.id)
            for run in self._runs.values():
                run.look_again()

    def _run(self, run_id: str) -> FollowedRun:
        run = self._runs.get(run_id)
        if run is None:
            run = self._runs[run_id] = FollowedRun(self._store, run_id, self._home.told, now=self._now)
            run.news.set()
            self._spawn(self._read(run))
        return run

    async def _read(self, run: FollowedRun) -> None:
        """Reads the run whenever there is something new, until it has ended."""
        try:
            while not await self._read_once(run):
                await run.news.wait()
        except NotFound:
            run.gone()
        except Exception:
            log.exception("Run %s of another process cannot be followed", run.id)
            run.gone()
        finally:
            self._runs.pop(run.id, None)

    async def _read_once(self, run: FollowedRun) -> bool:
        try:
            return await run.read()
        except StoreUnavailable:
            await asyncio.sleep(RETRY_S)
            return False

    # -- commands --------------------------------------------------------------------------------------

    async def ask(self, run_id: str, owner: str, kind: str, arguments: Mapping[str, Any]) -> bool:
        """Has the owner carry out a command; False where that is not possible: on SQLite.

        Raises what the owner refuses it with, OwnerSilent, StoreUnavailable.
        """
        if self._listening is None or owner == self._owner:
            return False
        now = await self._store.moment(self._now())
        command_id = await self._store.add_command(owner, run_id, kind, arguments, now)
        self._answers[command_id] = asyncio.Event()
        try:
            answer = await self._answer(command_id, host_of(owner))
        finally:
            del self._answers[command_id]
        state = state_of(answer)
        if (run := self.get(run_id)) is not None:
            run.answered(state)
        return True

    async def _answer(self, command_id: str, host: str) -> Mapping[str, Any]:
        answer = await self._answer_within(command_id, ANSWER_S)
        if answer is None and await self._store.give_up_command(command_id):
            raise silent(host, begun=False)
        answer = answer or await self._answer_within(command_id, ANSWER_S)
        if answer is None:
            raise silent(host, begun=True)
        return answer

    async def _answer_within(self, command_id: str, seconds: float) -> Mapping[str, Any] | None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while (left := deadline - loop.time()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._answers[command_id].wait(), min(left, LOOK_S))
            if (answer := await self._store.take_answer(command_id)) is not None:
                return answer
            self._answers[command_id].clear()
        return None

    async def _obey(self, command_id: str) -> None:
        try:
            command = await self._store.take_command(command_id, await self._store.moment(self._now()))
            if command is not None:
                await self._store.answer_command(command_id, await obeyed(self._home, command))
        except StoreUnavailable as error:
            log.warning("A command was not answered: %s", error)

    async def stop_all(self) -> list[str]:
        """Stops the live runs of all other processes; the ids of those that were.

        Raises OwnerSilent or what else kept one from being stopped, after all others have been.
        """
        runs = [run for run in self._runs.values() if run.ready and run.status.live]
        asked = (self.ask(run.id, run.owner, "stop", {}) for run in runs)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, KatydidError):
                raise answer
        trouble = [answer for answer in answers if isinstance(answer, (OwnerSilent, StoreUnavailable))]
        if trouble:
            raise trouble[0]
        return [run.id for run, answer in zip(runs, answers, strict=True) if answer is True]

    # -- signs of life ---------------------------------------------------------------------------------

    async def _beat_forever(self) -> None:
        while True:
            await asyncio.sleep(min(BEAT_S, self._silent_s / 6))
            try:
                now = await self._store.moment(self._now())
                self._home.beat(await self._store.beat(self._owner, now))
                await self._recover()
            except StoreUnavailable:
                continue  # the runs that it concerns say so themselves
            except Exception:
                log.exception("The runs of other processes could not be looked after")

    async def _recover(self) -> None:
        alive = partial(is_alive, silent_s=self._silent_s)
        now = await self._store.moment(self._now())
        await recover(self._store, self._owner, now, alive, self._home.owns)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
