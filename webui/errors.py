"""Katydid's own errors, one tree:

    KatydidError
    ├── InvalidInput        something given is wrong; carries one Problem a field
    │   ├── TargetRefused   the target policy does not let a test send there
    │   └── Unconfirmed     somebody has to say first that a public address may be tested
    ├── NotFound            no run, no share link, no practice target of that name
    │   └── Deleted         the run was deleted and can still be restored
    ├── Forbidden           whoever asks may not (another site's page, a foreign host name, a viewer's change)
    ├── LoginNeeded         nobody knows who asks: no token, a wrong one, a session that is over
    ├── TooManyAttempts     wrong tokens from this address; carries how long to wait
    ├── Conflict            the thing exists but is in no state for this (stop a finished run)
    ├── QueueFull           too many runs are waiting already
    ├── OwnerSilent         another process runs the run, and does not answer
    ├── StoreUnavailable    the database is locked, corrupt, read-only or gone
    ├── AddressInUse        a port that was to be listened on is taken
    ├── TargetFailed        a practice target could not be started
    └── GeneratorFailed     the engines could not start or were lost

A library's errors are mapped to these at the one boundary where the library is called.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: `field` is a dotted path such as `load.users` (empty: the whole),
    `message` a sentence that says what would be right."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class KatydidError(Exception):
    """Base of every error that Katydid raises on purpose; its text is fit for a person."""


class InvalidInput(KatydidError):
    """Input that breaks its contract. `problems` has at least one entry."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))

    @classmethod
    def at(cls, field: str, message: str) -> "InvalidInput":
        """The error for a single field."""
        return cls([Problem(field, message)])


class TargetRefused(InvalidInput):
    """The target policy does not allow an address of the plan."""


class Unconfirmed(InvalidInput):
    """The plan sends to a public address, and nobody has said that it may be tested."""


class NotFound(KatydidError):
    """What was asked for does not exist."""


class Deleted(NotFound):
    """The run was deleted. Until `purged_at` it can be restored."""

    def __init__(self, run_id: str, deleted_at: datetime, purged_at: datetime) -> None:
        self.run_id = run_id
        self.deleted_at = deleted_at
        self.purged_at = purged_at
        super().__init__(
            f"The run {run_id} was deleted on {deleted_at:%Y-%m-%d at %H:%M} UTC; until "
            f"{purged_at:%Y-%m-%d} it can be restored."
        )


class Forbidden(KatydidError):
    """Whoever asks for this may not."""


class LoginNeeded(KatydidError):
    """Whoever asks has not said who they are, or not truly."""


class TooManyAttempts(KatydidError):
    """Too many wrong tokens came from this address; in `wait_s` seconds the next one is looked at."""

    def __init__(self, wait_s: int) -> None:
        self.wait_s = wait_s
        super().__init__(f"Too many wrong tokens came from your address; try again in {wait_s} s.")


class Conflict(KatydidError):
    """What was asked for is not possible in the present state."""


class QueueFull(KatydidError):
    """As many runs wait as may wait."""


class OwnerSilent(KatydidError):
    """Another process on the same database runs the run, and does not answer in time."""


class StoreUnavailable(KatydidError):
    """The database cannot be read or written."""


class AddressInUse(KatydidError):
    """The address to listen on is taken."""


class TargetFailed(KatydidError):
    """A practice target did not start or does not answer."""


class GeneratorFailed(KatydidError):
    """Load could not be generated: the engines did not start or were lost."""
