"""How much may go on at a time, and what runs that Katydid itself ended say."""

from typing import Final, Protocol

ENDED: Final = "This test has ended already."
CLOSED: Final = "Katydid was closed."
CLOSED_BEFORE: Final = "Katydid was closed before it had started."
FAILED_INSIDE: Final = "Katydid itself failed; its log says how."


class Limits(Protocol):
    """The settings that the manager heeds."""

    @property
    def max_running(self) -> int:
        """Runs at a time; further ones wait."""

    @property
    def max_queued(self) -> int:
        """How many may wait."""
