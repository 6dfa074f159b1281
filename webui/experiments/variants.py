"""Variants made to answer for as long as they are tested, and ended after that."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from webui.errors import NotFound
from webui.experiments.model import Definition, Variant
from webui.experiments.plans import Endpoint
from webui.lab.manager import LabManager


@asynccontextmanager
async def answering(definition: Definition, variant: Variant, lab: LabManager) -> AsyncIterator[Endpoint]:
    """Starts a practice target; an address is taken to answer by itself. Raises KatydidError."""
    if definition.target is None:
        yield Endpoint((variant.base_url or "").rstrip("/"), definition.path)
        return
    running = await lab.start(definition.target, workers=variant.workers)
    try:
        yield Endpoint(running.base_url, running.target.path, running.target.method, running.canary)
    finally:
        with suppress(NotFound):  # it ended by itself
            await lab.stop(running.id)
