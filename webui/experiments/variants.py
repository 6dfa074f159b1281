"""Variants made to answer for as long as they are tested, and ended after that."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from webui.errors import NotFound
from webui.experiments.model import Definition, Variant
from webui.experiments.plans import Endpoint
from webui.experiments.starting import StartCommand, started
from webui.lab.manager import LabManager

Commands = Mapping[str, StartCommand]  # by the label of the variant


@asynccontextmanager
async def answering(
    definition: Definition, variant: Variant, lab: LabManager, commands: Commands
) -> AsyncIterator[Endpoint]:
    """Starts a practice target or a service of the operator's; an address is taken to answer by itself.
    Raises KatydidError."""
    if variant.started:
        async with started(commands[variant.label], definition.path) as base_url:
            yield Endpoint(base_url, definition.path)
    elif definition.target is None:
        yield Endpoint((variant.base_url or "").rstrip("/"), definition.path)
    else:
        running = await lab.start(definition.target, workers=variant.workers)
        try:
            yield Endpoint(running.base_url, running.target.path, running.target.method, running.canary)
        finally:
            with suppress(NotFound):  # it ended by itself
                await lab.stop(running.id)
