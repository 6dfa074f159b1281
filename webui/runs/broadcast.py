"""Events of runs, fanned out to any number of viewers from bounded queues.

A viewer that is too slow loses the oldest events of its queue, never the newest; nobody waits for it.
Every event carries the whole picture (`view`), so losing one loses no information: whoever appends rows
sees the gap in `seq` and draws from `view.snapshots` instead.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Literal, Self

from webui.metrics.snapshot import Snapshot
from webui.runs.model import RunView

QUEUE_LENGTH = 16  # events that wait for one viewer
HISTORY_LENGTH = 16  # events kept for viewers that come back after a dropped connection

Kind = Literal["status", "snapshot", "finished"]


@dataclass(frozen=True, slots=True, eq=False)
class RunEvent:
    """Something happened to a run. `seq` rises by one with each event of a channel, from 1.

    A snapshot event also has the series' `row` that is new or was filled up, and its `position`;
    `compacted` says that all rows before it were merged in pairs. `memo` is shared by all viewers of the
    event, for what is rendered from it once.
    """

    run_id: str
    seq: int
    kind: Kind
    view: RunView
    row: Snapshot | None = None
    position: int | None = None
    compacted: bool = False
    memo: dict[str, Any] = field(default_factory=dict)


class Channel:
    """One stream of events. All methods are for the event loop's thread."""

    def __init__(self) -> None:
        self.seq = 0  # of the last event
        self.closed = False
        self._history: deque[RunEvent] = deque(maxlen=HISTORY_LENGTH)
        self._subscriptions: set[Subscription] = set()

    def publish(self, event: RunEvent) -> None:
        """Gives the event, under this channel's next number, to every viewer."""
        self.seq += 1
        numbered = event if event.seq == self.seq else replace(event, seq=self.seq)
        self._history.append(numbered)
        for subscription in self._subscriptions:
            subscription.push(numbered)

    @property
    def watched(self) -> bool:
        """Whether there is a viewer."""
        return bool(self._subscriptions)

    def close(self) -> None:
        """Ends all viewers' streams after what is waiting for them."""
        self.closed = True
        for subscription in self._subscriptions:
            subscription.wake()

    def subscribe(self, after_seq: int | None = None) -> "Subscription":
        """A viewer's stream: `async with channel.subscribe() as events: async for event in events`.

        It begins with the kept events after number `after_seq`; without one, or with one that this
        channel has not come to, with the newest event.
        """
        return Subscription(self, after_seq)

    def join(self, subscription: "Subscription", after_seq: int | None) -> list[RunEvent]:
        """Adds a viewer; returns the events that it begins with."""
        self._subscriptions.add(subscription)
        if after_seq is None or after_seq > self.seq:
            return list(self._history)[-1:]
        return [event for event in self._history if event.seq > after_seq]

    def leave(self, subscription: "Subscription") -> None:
        """Removes a viewer."""
        self._subscriptions.discard(subscription)


class Subscription:
    """One viewer's bounded queue; ends when the channel is closed and the queue is empty."""

    def __init__(self, channel: Channel, after_seq: int | None) -> None:
        self._channel = channel
        self._after_seq = after_seq
        self._queue: deque[RunEvent] = deque(maxlen=QUEUE_LENGTH)
        self._ready = asyncio.Event()

    def push(self, event: RunEvent) -> None:
        """Queues an event; when the queue is full, its oldest one is lost."""
        self._queue.append(event)
        self._ready.set()

    def wake(self) -> None:
        """Lets the viewer see that the channel was closed."""
        self._ready.set()

    async def __aenter__(self) -> Self:
        self._queue.extend(self._channel.join(self, self._after_seq))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.leave(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RunEvent:
        while not self._queue:
            if self._channel.closed:
                raise StopAsyncIteration
            self._ready.clear()
            await self._ready.wait()
        return self._queue.popleft()
