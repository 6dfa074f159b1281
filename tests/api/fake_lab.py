"""Practice targets without processes: all else is the real manager."""

from __future__ import annotations

import asyncio

from webui.errors import TargetFailed
from webui.lab.manager import LabManager, _Entry
from webui.lab.model import PracticeTarget, Setup


class FakeProcess:
    """A server that only knows whether it has ended."""

    last_line = ""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    async def stop(self) -> None:
        self.ended.set()


class FakeLab(LabManager):
    """Starts nothing; with `broken`, no target comes up."""

    broken = False

    async def _launch(self, target: PracticeTarget, setup: Setup, entry: _Entry, port: int | None) -> int:
        if self.broken:
            raise TargetFailed(f"the practice target {target.name} ended before it answered")
        entry.process = FakeProcess()  # type: ignore[assignment]
        return port or 9

    async def die(self, id: str) -> None:
        """The target of this id ends by itself."""
        process = self._entries[id].process
        assert process is not None
        process.ended.set()
        while id in self._entries:
            await asyncio.sleep(0)
