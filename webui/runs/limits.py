"""How much may go on at a time, and what runs that Katydid itself ended say."""

from typing import Final, Protocol

STOP_S: Final = 1.2  # for all runs together, when Katydid closes
SAVE_S: Final = 1.0  # then; what the store has not taken is left to the next start
GRACE_S: Final = 5.0  # over the ceiling of time, for engines to start and for last answers

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
