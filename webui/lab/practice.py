"""The practice targets that are ready beside a dashboard."""

import asyncio
import logging
from collections.abc import Sequence

from webui.errors import AddressInUse, KatydidError
from webui.lab.manager import LabManager, RunningTarget
from webui.settings import Settings

# Those that show best what a first test can tell, each with the port that it gets where that is free.
PREFERRED_PORTS = {"async-io": 8091, "threads": 8092}

log = logging.getLogger(__name__)


async def start_practice_targets(lab: LabManager, settings: Settings) -> None:
    """Starts them where the settings want them. One that does not start is logged and done without."""
    if settings.practice_target:
        await asyncio.gather(*(_start(lab, name, port) for name, port in PREFERRED_PORTS.items()))


def practice_targets(lab: LabManager) -> Sequence[RunningTarget]:
    """Those of them that run at this moment, each once."""
    found = {target.name: target for target in reversed(lab.running())}
    return tuple(found[name] for name in PREFERRED_PORTS if name in found)


async def _start(lab: LabManager, name: str, port: int) -> None:
    try:
        try:
            await lab.start(name, port=port)
        except AddressInUse:
            await lab.start(name)
    except (KatydidError, OSError) as error:
        log.warning("A practice target is not there: %s", error)
