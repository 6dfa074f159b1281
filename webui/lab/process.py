"""The practice targets in a process of their own, for as long as the process that started them lives."""

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass

from webui.errors import KatydidError
from webui.lab.registry import TARGETS
from webui.settings import Settings

PREFERRED_PORT = 8091
_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class PracticeEndpoint:
    """A practice target that answers at `url`."""

    name: str
    url: str
    teaches: str


class LabProcess:
    """A started child process that serves the practice targets at `url`."""

    def __init__(self, process: Process, url: str) -> None:
        self._process = process
        self.url = url
        self.endpoints: Sequence[PracticeEndpoint] = tuple(
            PracticeEndpoint(target.name, url + target.path, target.teaches) for target in TARGETS
        )

    @classmethod
    async def start(cls, port: int = PREFERRED_PORT) -> "LabProcess":
        """Starts it and waits until it answers, on `port` or, where that is taken, on any free one.

        Raises KatydidError when it does not come up.
        """
        # A session of its own: Ctrl-C in the terminal reaches the dashboard alone, which ends this in turn.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "webui.lab", str(port), stdin=PIPE, stdout=PIPE, start_new_session=True
        )  # fmt: skip
        try:
            return cls(process, await _announced_url(process))
        except BaseException:
            await _end(process)
            raise

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the child still lives."""
        return self._process.returncode is None

    async def stop(self) -> None:
        """Ends the child, within a second or by force. A second call does nothing."""
        await _end(self._process)


async def start_practice_target(settings: Settings) -> LabProcess | None:
    """The practice targets beside a dashboard; None where the settings do not want them."""
    return await LabProcess.start() if settings.practice_target else None


async def _announced_url(process: Process) -> str:
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), _START_TIMEOUT_S)
    except TimeoutError:
        line = b""
    if not line.endswith(b"\n"):
        raise KatydidError("the practice target did not start; serve without it: --no-practice-target")
    return line.decode().strip()


async def _end(process: Process) -> None:
    assert process.stdin is not None
    process.stdin.close()  # the child watches it
    try:
        await asyncio.wait_for(process.wait(), _STOP_TIMEOUT_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
