"""One renderer, many viewers: what a page shows live, kept as parts that know when they last changed.

A viewer keeps the version that it has seen and is sent the newest state of whatever changed since. So each
viewer's queue has one place, the newest frame: a slow viewer loses frames in between and nothing else, costs
no memory and holds nobody up.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sse_starlette.event import ServerSentEvent

NOTHING_SEEN = 0


class RendererFailed(Exception):
    """The renderer broke: its viewers' streams end, and the pages try again."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of HTML and the version in which it last changed."""

    html: str
    version: int


@dataclass(slots=True)
class Board:
    """The newest HTML of each named part. `version` grows with every publication, whatever it changed."""

    version: int = NOTHING_SEEN
    ended: bool = False
    failed: bool = False
    parts: dict[str, Part] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, parts: Mapping[str, str], *, ended: bool = False) -> None:
        """Makes these the newest parts and wakes all viewers. After `ended` nothing is published."""
        self.version += 1
        for name, html in parts.items():
            seen = self.parts.get(name)
            if seen is None or seen.html != html:
                self.parts[name] = Part(html, self.version)
        self.ended = ended
        self._wake()

    def fail(self) -> None:
        """Tells all viewers that nothing more will come from here; they may try again."""
        self.failed = True
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def changed_since(self, version: int) -> str:
        """The parts that a viewer who has seen `version` lacks, as one document."""
        return "\n".join(part.html for part in self.parts.values() if part.version > version)

    async def newer_than(self, version: int) -> int:
        """Waits for a version after `version` and returns the newest; at once where there is one.

        Raises RendererFailed when there will be none.
        """
        while self.version <= version:
            if self.failed:
                raise RendererFailed
            await self._news.wait()
        return self.version


@dataclass(slots=True)
class Renderer:
    """Runs `render`, which publishes, for as long as there are viewers."""

    render: Callable[[], Awaitable[None]]
    viewers: int = 0
    _task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """One viewer's stay: the first to come starts the renderer, the last to go ends it."""
        self.viewers += 1
        if self._task is None:
            self._task = asyncio.ensure_future(self.render())
        try:
            yield
        finally:
            self.viewers -= 1
            if self.viewers == 0 and self._task is not None:
                self._task.cancel()
                self._task = None


def html_event(html: str) -> bytes:
    """An unnamed event, which htmx swaps into the page."""
    return ServerSentEvent(html).encode()


def named_event(name: str, data: str, id: str | None = None) -> bytes:
    """A named event, which a page's script hears."""
    return ServerSentEvent(data, event=name, id=id).encode()


def ping() -> ServerSentEvent:
    """A sign of life that a page can hear, so that it notices a connection that died silently."""
    return ServerSentEvent("", event="ping")
