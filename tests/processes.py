"""The processes that a test has started: those below this one that were not there before it."""

from __future__ import annotations

import psutil

_before: set[psutil.Process] = set()


def remember() -> None:
    """The test begins: what runs now, such as a browser's driver, is not its own."""
    _before.clear()
    _before.update(psutil.Process().children(recursive=True))


def below_this_process(*, recursive: bool = True) -> list[psutil.Process]:
    """Those of the test."""
    return [each for each in psutil.Process().children(recursive=recursive) if each not in _before]
