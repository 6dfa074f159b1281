"""What runs in a worker process: one shard's engine in a thread, beside Dask's connection to the scheduler.

Functions here are sent by name, so a worker on another machine needs this package and nothing else.
"""

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import msgpack
from distributed import Worker, get_worker

from webui.engine import Control, ShardSpec
from webui.fleet.launch import ChangeData, ShardKey

HEARTBEAT_MS = 10_000.0
EXIT_AFTER_S = 2.0  # from SIGTERM: the dashboard gets it too, and collects the runs first

Engine = Callable[[ShardSpec, Callable[[dict[str, Any]], None], Control], None]

_controls: dict[ShardKey, Control] = {}  # of the shards that run in this process
_lock = threading.Lock()


class EngineWorker(Worker):
    """A Dask worker without an HTTP server and with rare heartbeats, which stops its engines first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if threading.current_thread() is threading.main_thread():
            _leave_ending_to_the_dashboard()

    def start_http_server(self, *args: Any, **kwargs: Any) -> None:
        """Serves nothing: a port less, and no figures of Dask's own."""

    async def heartbeat(self) -> None:
        """Says that it lives, rarely: each one takes the interpreter from the engine for a millisecond."""
        await super().heartbeat()
        callback = self.periodic_callbacks.get("heartbeat")
        if callback is not None:
            callback.callback_time = HEARTBEAT_MS

    async def close(self, *args: Any, **kwargs: Any) -> Any:
        """Stops load before anything else: also when the scheduler is gone."""
        with _lock:
            controls = list(_controls.values())
        for control in controls:
            control.stop()
        return await super().close(*args, **kwargs)


def _leave_ending_to_the_dashboard() -> None:
    """Ctrl-C and a service manager's SIGTERM reach every process of a group at once. Runs are to be
    stopped and saved before their engines end."""

    def end_soon(*_: object) -> None:
        timer = threading.Timer(EXIT_AFTER_S, os._exit, [0])
        timer.daemon = True
        timer.start()

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, end_soon)


def run_shard_task(engine: Engine, packed_spec: bytes, topic: str) -> None:
    """Runs one shard to its end; its events go to `topic`, in order. An engine's error becomes its event."""
    worker = get_worker()
    spec = ShardSpec.from_data(msgpack.unpackb(packed_spec))
    key = (spec.run_id, spec.shard)
    control = Control()

    def emit(event: dict[str, Any]) -> None:
        worker.log_event(topic, event)

    with _lock:
        _controls[key] = control
    try:
        engine(spec, emit, control)
    except Exception as error:  # noqa: BLE001 - whatever it is, the run has to hear of it
        emit({"run": spec.run_id, "shard": spec.shard, "type": "failed", "error": _sentence(error)})
    finally:
        with _lock:
            _controls.pop(key, None)


def stop_shards(keys: list[ShardKey]) -> list[ShardKey]:
    """Tells these shards' engines to stop; returns those that run here."""
    with _lock:
        found = {key: _controls[key] for key in map(_as_key, keys) if key in _controls}
    for control in found.values():
        control.stop()
    return list(found)


def change_shards(keys: list[ShardKey], change: ChangeData) -> list[ShardKey]:
    """Tells these shards' engines of a change, once more where the answer was lost: it counts once. Returns
    those that run here."""
    with _lock:
        found = {key: _controls[key] for key in map(_as_key, keys) if key in _controls}
    for control in found.values():
        control.change(*change)
    return list(found)


def _as_key(key: Any) -> ShardKey:
    return key[0], key[1]


def _sentence(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return f"The engine failed: {text}"
