"""Where commands write, and text from elsewhere made safe for a terminal."""

import sys

from rich.console import Console


def stdout() -> Console:
    """The console for results."""
    return Console(highlight=False, soft_wrap=False)


def stderr() -> Console:
    """The console for progress and messages."""
    return Console(stderr=True, highlight=False, soft_wrap=False)


def say(text: str) -> None:
    """One line on standard output, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """One line on standard error, at once."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def printable(text: str) -> str:
    """`text` on one line without control characters, which a target could move the cursor with."""
    return "".join(char if char.isprintable() else "\ufffd" for char in " ".join(text.split()))
