"""Who runs a run: a process, told apart from every other one on its machine and after its end.

An owner is `machine|pid|start`, where the machine is its name and, on Linux, the PID namespace. The start is
counted on Linux in clock ticks since the machine's own, and elsewhere told by the wall clock.
"""

import os
import socket
from datetime import datetime
from pathlib import Path

import psutil

BEAT_S = 5.0
SILENT_S = 30.0  # after which a process on another machine is taken for dead
_START_TOLERANCE_S = 5.0  # a start by the wall clock moves when that is set
_PROC = Path("/proc/self/stat")
_START_FIELD = 19  # of /proc/PID/stat, after the command: proc_pid_stat(5), starttime


def machine() -> str:
    """Where process numbers mean the same: two machines may have one name."""
    namespace = Path("/proc/self/ns/pid")
    inside = namespace.readlink().name if namespace.is_symlink() else ""
    return f"{socket.gethostname()} {_boot()}{inside}".replace("|", "_")


def host_of(owner: str) -> str:
    """The name of the owner's machine, for people."""
    return owner.partition("|")[0].partition(" ")[0] or "another machine"


def this_process() -> str:
    """The owner that this process is."""
    return f"{machine()}|{os.getpid()}|{start_of(os.getpid())}"


def start_of(pid: int) -> str:
    """When that process began, the same for its whole life. Raises psutil.Error where there is none."""
    if not _PROC.exists():
        return f"{psutil.Process(pid).create_time():.2f}"
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        ticks = stat.rpartition(")")[2].split()[_START_FIELD]
    except (OSError, IndexError) as error:
        raise psutil.NoSuchProcess(pid) from error
    return f"{_boot()}+{ticks}"


def _boot() -> str:
    """Tells this start of the machine from every other one: ticks begin anew with each."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip()[:8] if path.exists() else ""


def is_alive(owner: str, heartbeat_at: datetime | None, now: datetime, silent_s: float = SILENT_S) -> bool:
    """Whether that process still runs: looked up on this machine, elsewhere judged by its heartbeat."""
    where, _, rest = owner.partition("|")
    pid, _, start = rest.partition("|")
    if where == machine() and pid.isdecimal():
        return _runs(int(pid), start)
    return heartbeat_at is not None and (now - heartbeat_at).total_seconds() < silent_s


def _runs(pid: int, start: str) -> bool:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if "+" in start:
            return start_of(pid) == start
        return abs(process.create_time() - float(start)) < _START_TOLERANCE_S
    except (psutil.Error, ValueError):
        return False
