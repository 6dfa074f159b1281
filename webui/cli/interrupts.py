"""Ctrl-C and SIGTERM: the first ends things in order, the second at once."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import psutil

from webui.cli.exits import ExitCode

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """What the signals of a running event loop do. `asked` tells whether one came."""

    def __init__(self, on_first: Callable[[], object]) -> None:
        self.asked = False
        self.on_first = on_first

    def handle(self) -> None:
        """One signal's arrival."""
        if self.asked:
            end_at_once()
        self.asked = True
        self.on_first()


@contextmanager
def interrupts(on_first: Callable[[], object]) -> Iterator[Interrupts]:
    """Calls `on_first` in the running event loop at the first signal; the second ends the process."""
    loop = asyncio.get_running_loop()
    handler = Interrupts(on_first)
    for number in SIGNALS:
        loop.add_signal_handler(number, handler.handle)
    try:
        yield handler
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


def end_at_once() -> None:
    """Ends this process and every process below it, now."""
    for child in psutil.Process().children(recursive=True):
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    os._exit(ExitCode.INTERRUPTED)


def leave() -> NoReturn:
    """Ends this process when everything is closed and saved. Python's own taking apart of what was
    imported would take another second, in which Ctrl-C seems to do nothing."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(ExitCode.PASSED)
