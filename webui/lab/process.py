"""A server in a process group of its own, which ends with the process that started it."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

import webui
from webui.lab.commands import Startup

_KEPT_LINES = 50
_LONGEST_LINE = 2000
# Where `webui` is imported from: nothing in the directory that Katydid was started in gets in its way.
_HOME = Path(webui.__file__).parents[1]
_GUARD = str(Path(__file__).with_name("guard.py"))


class ServerProcess:
    """A started server. `ended` is set when it and all its workers are gone."""

    def __init__(self, process: Process, startup: Startup) -> None:
        self._process = process
        self._startup = startup
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._news = asyncio.Event()
        self.ended = asyncio.Event()
        self._watcher = asyncio.create_task(self._watch())

    @classmethod
    async def start(
        cls, command: Sequence[str], environment: Mapping[str, str], startup: Startup, cwd: Path = _HOME
    ) -> "ServerProcess":
        """Starts the command under a guard (see `webui.lab.guard`). Raises OSError."""
        # A session of its own: Ctrl-C in the terminal reaches Katydid alone, which ends this in turn.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-PS", _GUARD, *command),
            stdin=PIPE,
            stdout=PIPE,
            stderr=STDOUT,
            env=dict(environment),
            cwd=cwd,
            start_new_session=True,
        )
        return cls(process, startup)

    @property
    def pid(self) -> int:
        """The guard's process id, which is that of the process group too."""
        return self._process.pid

    @property
    def last_line(self) -> str:
        """The last line of output that says something."""
        return next((line for line in reversed(self._lines) if line), "")

    @property
    def output(self) -> str:
        """The last lines of output."""
        return "\n".join(self._lines)

    async def started(self) -> bool:
        """Waits until every worker is ready; False: the server ended before."""
        while not self._startup.complete and not self.ended.is_set():
            self._news.clear()
            await self._news.wait()
        return not self.ended.is_set()

    async def stop(self, grace_s: float = 0.0) -> None:
        """Ends the server with all its workers; it is asked first, where it has some time to end by itself.
        A second call does nothing."""
        try:
            if grace_s and not self.ended.is_set():
                self._ask_to_end()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.ended.wait(), grace_s)
        finally:
            self._kill()
        await self.ended.wait()

    def _ask_to_end(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(b"end\n")

    def _kill(self) -> None:
        if not self.ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def _watch(self) -> None:
        await self._read()
        self._kill()  # a guard that was itself killed leaves its group behind
        await self._process.wait()
        self.ended.set()
        self._news.set()

    async def _read(self) -> None:
        """Follows the output to its end: a server whose output nobody reads would stop in its middle."""
        assert self._process.stdout is not None
        rest = ""
        while chunk := await self._process.stdout.read(4096):
            *lines, rest = (rest + chunk.decode(errors="replace")).split("\n")
            rest = rest[-_LONGEST_LINE:]
            self._hear(lines)
        self._hear([rest])

    def _hear(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._lines.append(line.strip()[:_LONGEST_LINE])
            self._startup.hear(line)
        self._news.set()
