"""Where commands write, and text from elsewhere made safe for a terminal."""

import sys

from rich.console import Console
from rich.text import Text


def stdout() -> Console:
    """The console for results."""
    return Console(highlight=False, markup=False, emoji=False)


def stderr() -> Console:
    """The console for progress and messages."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


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


def foreign(text: str) -> Text:
    """Text from elsewhere for rich: printable, and never taken for markup."""
    return Text(printable(text))
