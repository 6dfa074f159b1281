"""`python guard.py COMMAND…`: runs a server for as long as the process that started this one lives.

Its standard input is the leash: the parent holds the other end, and one that was killed holds nothing any
more. It is started as the leader of a session, so that its process group is the server with all its workers.
When the parent is gone or the server has ended, the whole group is killed: practice targets keep nothing that
would need a graceful end. For servers that do, anything that comes along the leash asks the server to end by
itself. What the server writes is passed on, so that the end of this process, too, shows as the end of its
output.

Where the guard itself is killed, its parent ends the group. Where both are killed at once, a second process
does: the watcher, a fork of the guard, waits on a pipe that the guard alone holds open. Where that is killed
too, Linux ends the server, though not further workers that it has started.

It is run by its path and imports nothing of Katydid, so it can start in any directory.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

_LAST_WORDS_S = 0.5
_PR_SET_PDEATHSIG = 1


def main(command: list[str]) -> NoReturn:
    """Never returns: it is in the group that it kills."""
    _set_watcher()
    try:
        server = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=_end_with_parent() if sys.platform == "linux" else None,  # no threads yet
        )
    except OSError as error:
        sys.exit(f"{command[0]} cannot be run: {error.strerror}")
    assert server.stdout is not None
    output = threading.Thread(target=_pass_on, args=(server.stdout.fileno(),), daemon=True)
    output.start()
    threading.Thread(target=_until_the_parent_is_gone, args=(server,), daemon=True).start()
    server.wait()
    output.join(_LAST_WORDS_S)  # a worker that lives on may hold the pipe
    _end_group()


def _set_watcher() -> None:
    """Forks the watcher. Comes first: there is no thread yet, and no server that could inherit the pipe."""
    watched, held = os.pipe()  # neither is inherited by the server
    if os.fork():
        os.close(watched)
        return
    os.close(held)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):  # neither the leash nor the output is its to hold open
        os.dup2(nowhere, standard)
    os.read(watched, 1)
    _end_group()


def _end_with_parent() -> Callable[[], object]:
    """What a child of this process calls to be killed when this process ends: prctl(2), PR_SET_PDEATHSIG."""
    prctl = ctypes.CDLL(None).prctl  # looked up here: little is safe between fork and exec
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _pass_on(source: int) -> None:
    while chunk := os.read(source, 65536):
        while chunk:
            chunk = chunk[os.write(sys.stdout.fileno(), chunk) :]


def _until_the_parent_is_gone(server: "subprocess.Popen[bytes]") -> None:
    while os.read(sys.stdin.fileno(), 4096):
        server.terminate()
    _end_group()


def _end_group() -> NoReturn:
    os.killpg(os.getpgrp(), signal.SIGKILL)
    raise AssertionError("unreachable")


if __name__ == "__main__":
    # Refuses to kill a group that it only belongs to.
    if os.getpgrp() != os.getpid():
        sys.exit("the guard has to be started as the leader of a process group")
    main(sys.argv[1:])
