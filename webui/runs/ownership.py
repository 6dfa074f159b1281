"""Who runs a run: a process, told apart from every other one on its machine and after its end.

An owner is `machine|pid|start`, where the machine is its name and, on Linux, the PID namespace.
"""

import os
import socket
from datetime import datetime
from pathlib import Path

import psutil

BEAT_S = 5.0
SILENT_S = 30.0  # after which a process on another machine is taken for dead
_START_TOLERANCE_S = 5.0  # the system derives it from its clock, which may be set


def machine() -> str:
    """Where process numbers mean the same."""
    namespace = Path("/proc/self/ns/pid")
    inside = namespace.readlink().name if namespace.is_symlink() else ""
    return f"{socket.gethostname()}{inside}".replace("|", "_")


def this_process() -> str:
    """The owner that this process is."""
    return f"{machine()}|{os.getpid()}|{psutil.Process().create_time():.2f}"


def is_alive(owner: str, heartbeat_at: datetime | None, now: datetime) -> bool:
    """Whether that process still runs: looked up on this machine, elsewhere judged by its heartbeat."""
    where, _, rest = owner.partition("|")
    pid, _, start = rest.partition("|")
    if where == machine() and pid.isdecimal():
        return _runs(int(pid), start)
    return heartbeat_at is not None and (now - heartbeat_at).total_seconds() < SILENT_S


def _runs(pid: int, start: str) -> bool:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return abs(process.create_time() - float(start)) < _START_TOLERANCE_S
    except (psutil.Error, ValueError):
        return False
