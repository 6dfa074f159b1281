"""`Prefer: wait=N` (RFC 7240): an answer that waits for the run's end, up to a bound."""

import asyncio
import re
from contextlib import suppress

from webui.errors import NotFound
from webui.runs.manager import RunManager

MAX_WAIT_S = 600
_WAIT = re.compile(r"wait\s*=\s*\"?(\d{1,9})\"?", re.IGNORECASE)


def wanted_wait_s(prefer: str | None) -> int | None:
    """The seconds that a Prefer header asks to wait for, `MAX_WAIT_S` at most; None where it does not. What
    it says otherwise is passed over, as that header's rules have it."""
    preferences = (part.partition(";")[0].strip() for part in (prefer or "").split(","))
    found = (match for each in preferences if (match := _WAIT.fullmatch(each)))
    first = next(found, None)
    return None if first is None else min(int(first[1]), MAX_WAIT_S)


async def until_ended(manager: RunManager, run_id: str, wait_s: float) -> None:
    """Returns when the run has ended, at the latest after `wait_s`."""
    with suppress(TimeoutError, NotFound):
        async with asyncio.timeout(wait_s):
            async with manager.subscribe(run_id) as events:
                async for _ in events:
                    pass
