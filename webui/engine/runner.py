"""Runs one shard from its task to its last event."""

import asyncio
import os
from collections.abc import Callable
from contextlib import closing
from time import perf_counter_ns as clock
from typing import Any

import uvloop

from webui.engine import messages
from webui.engine.canary import Canary
from webui.engine.canary_routes import canary_requests, has_canary
from webui.engine.control import Control
from webui.engine.descriptors import allow_connections
from webui.engine.garbage import collect_young, paced_collection
from webui.engine.messages import Event, ShardSpec
from webui.engine.origin import Origins
from webui.engine.shard import Shard
from webui.engine.template import prepare
from webui.errors import KatydidError
from webui.plan.documents import plan_from_data
from webui.plan.environment import with_environment
from webui.plan.load import peak_users
from webui.plan.model import Plan
from webui.plan.target import Target
from webui.security.hiding import forms_of
from webui.security.redaction import Redactor
from webui.security.targets import ANYWHERE, TargetPolicy

CANARY_CONNECTIONS = 64  # and more than one burst of its questions takes

Emit = Callable[[Event], None]


def run_shard(spec: ShardSpec, emit: Emit, control: Control) -> None:
    """Sends the shard's load and emits its events, from this thread, until it is over.

    Blocks; brings its own event loop. Whatever goes wrong in the engine becomes a `failed` event.
    """
    try:
        with paced_collection(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(spec, emit, control))
    except KatydidError as error:  # such as a certificate that can't be used
        emit(messages.failed(spec, str(error)))
    except Exception as error:  # noqa: BLE001  # the coordinator must hear of it, whatever it is
        emit(messages.failed(spec, f"the engine failed: {type(error).__name__}: {error}"))


async def _run(spec: ShardSpec, emit: Emit, control: Control) -> None:
    plan, values = with_environment(plan_from_data(spec.plan), os.environ)
    templates, targets = prepare(plan)
    allow_connections(peak_users(plan.load) * len(targets) + CANARY_CONNECTIONS)
    try:
        origins = await _resolved(targets, plan, spec, control)
        reporter = Reporter(spec, emit)
        canary = _canary(plan, spec, origins)
        shard = Shard(spec, plan, templates, origins, reporter.on_tick, canary)
        shard.recorder.hidden = forms_of((*values, *Redactor.of(plan).secrets))
        reporter.shard = shard
        with closing(shard):
            await _offer_load(shard, control, reporter.begin)
    finally:
        control.listen(None)
    reporter.last()
    emit(messages.finished(spec, shard.load_ns, shard.reason or "stopped"))


async def _resolved(targets: list[Target], plan: Plan, spec: ShardSpec, control: Control) -> Origins:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    control.listen(lambda: loop.call_soon_threadsafe(stopped.set))
    origins = Origins(targets, plan.http, spec.addresses, _policy(spec))
    await origins.resolve(stopped)
    return origins


def _canary(plan: Plan, spec: ShardSpec, origins: Origins) -> Canary | None:
    """The run's canary; one engine of several has it."""
    if spec.shard or not has_canary(plan):
        return None
    templates, targets = canary_requests(plan)
    known = Origins(targets, plan.http, origins.addresses, _policy(spec))
    loop = asyncio.get_running_loop()
    return Canary(loop, templates, known, plan.http, chosen_by_user=plan.canary is not None)


def _policy(spec: ShardSpec) -> TargetPolicy:
    return ANYWHERE if spec.policy is None else TargetPolicy.from_data(spec.policy)


async def _offer_load(shard: Shard, control: Control, started: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: _fail(shard, context))

    def stop() -> None:
        loop.call_soon_threadsafe(shard.stop)

    control.listen(stop)
    await shard.prepare()
    started()
    shard.start()
    control.listen(stop, lambda change: loop.call_soon_threadsafe(shard.change, change))
    await shard.done
    await _connections_closed(shard)


def _fail(shard: Shard, context: dict[str, Any]) -> None:
    """An error in one of the engine's own callbacks: numbers after that could not be trusted."""
    if not shard.done.done():
        shard.done.set_exception(context.get("exception") or RuntimeError(context["message"]))


async def _connections_closed(shard: Shard) -> None:
    """Gives connections that were closed the few turns of the loop that this takes."""
    for _ in range(5):
        if not shard.connections_open:
            return
        await asyncio.sleep(0)


class Reporter:
    """Emits a snapshot for each interval.

    When the load ends, the snapshot that is due waits for up to half an interval, so that the last answers
    do not make an interval of their own a few milliseconds long. In a warm-up it only tells that it goes on;
    the load is said to have started when that is over.
    """

    shard: Shard

    def __init__(self, spec: ShardSpec, emit: Emit) -> None:
        self._spec = spec
        self._emit = emit
        self._index = 0  # of the next snapshot
        self._begun = False  # has said that the load has started

    def on_tick(self, now: int) -> None:
        """Emits the interval that has ended, if one has."""
        if self.shard.warming:
            self._tell_of_warmup(now)
            return
        self.begin()
        elapsed, interval = now - self.shard.start_ns, self._spec.interval_ns
        if elapsed < (self._index + 1) * interval:
            return
        if self.shard.ending and elapsed % interval < interval // 2:
            return
        self._index = elapsed // interval - 1  # a stalled engine skips intervals
        self._take(now)
        collect_young()

    def last(self) -> None:
        """Emits what is left."""
        if self.shard.warming:  # ended within it: that it was is all that there is to tell
            self.shard.end_warmup()
        self.begin()
        self._take(clock())

    def begin(self) -> None:
        """Says that the load has started, once it has."""
        if not self._begun and not self.shard.warming:
            self._begun, self._index = True, 0
            self._emit(messages.started(self._spec))

    def _tell_of_warmup(self, now: int) -> None:
        intervals = (now - self.shard.start_ns) // self._spec.interval_ns
        if intervals >= self._index:
            self._index = intervals + 1
            sent = sum(log.begun for log in self.shard.recorder.logs)
            self._emit(messages.warming(self._spec, self.shard.active, sent))
            collect_young()

    def _take(self, now: int) -> None:
        shard = self.shard
        shard.fold()
        health, probing = shard.health.take(now), shard.probes.take(now)
        snapshot = shard.recorder.take(now, shard.active, health, probing)
        self._emit(messages.snapshot_taken(self._spec, self._index, snapshot))
        self._index += 1
