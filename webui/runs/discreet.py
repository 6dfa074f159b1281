"""The run manager as viewers have it: the same runs, without the secrets of their plans."""

from typing import Any, cast

from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.runs.redacted import redacted


def discreet(manager: RunManager) -> RunManager:
    """The manager whose views are redacted. It is for reading: what changes runs, viewers cannot reach."""
    return cast(RunManager, _Discreet(manager))


class _Discreet:
    def __init__(self, manager: RunManager) -> None:
        self._manager = manager

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)

    async def view(self, run_id: str) -> RunView:
        return redacted(await self._manager.view(run_id))
