"""`python -m webui.lab.guard COMMAND…`: runs a server for as long as the process that started this one lives.

Its standard input is the leash: the parent holds the other end, and one that was killed holds nothing any
more. It is started as the leader of a session, so that its process group is the server with all its workers.
When the parent is gone or the server has ended, the whole group is killed: practice targets keep nothing that
would need a graceful end.
"""

import os
import signal
import subprocess
import sys
import threading
from typing import NoReturn


def main(command: list[str]) -> NoReturn:
    """Never returns: it is in the group that it kills."""
    threading.Thread(target=_until_the_parent_is_gone, name="parent-watch", daemon=True).start()
    subprocess.run(command, stdin=subprocess.DEVNULL, check=False)  # noqa: S603
    _end_group()


def _until_the_parent_is_gone() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    _end_group()


def _end_group() -> NoReturn:
    os.killpg(os.getpgrp(), signal.SIGKILL)
    raise AssertionError("unreachable")


if __name__ == "__main__":
    # Refuses to kill a group that it only belongs to.
    if os.getpgrp() != os.getpid():
        sys.exit("the guard has to be started as the leader of a process group")
    main(sys.argv[1:])
