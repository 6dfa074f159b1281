"""What every load shape is, and which class drives which. Times are nanoseconds on the shape's own clock."""

from abc import ABC, abstractmethod

from webui.engine.control import ChangeKind
from webui.engine.crew import Crew
from webui.engine.user import User

AT_ONCE = 32  # new users in a millisecond, so that a target's queue of new connections doesn't overflow


class Shape(ABC):
    """Drives the users of a shard. `advance` is called when it asked to be, and after every change."""

    open = False  # starts come on a schedule, whatever the target does

    def __init__(self, crew: Crew) -> None:
        self.crew = crew

    def prepare(self) -> bool:
        """Does what is to be done before the load begins; whether that is done. Asked every millisecond."""
        return True

    @abstractmethod
    def advance(self, now: int) -> int:
        """Does what is due; when it goes on, NEVER for not by itself. `now` never goes back."""

    def close(self, end: int) -> None:
        """The load ends by plan at `end`: accounts for what was due before."""
        self.advance(end - 1)

    @abstractmethod
    def idle(self, user: User) -> None:
        """The user has nothing under way and asked for work in vain."""

    def retired(self, user: User) -> None:  # noqa: B027  # most shapes need not know
        """The user has ended."""

    def change(self, kind: ChangeKind, value: float, now: int) -> bool:
        """Changes users or rate from now on; False where that has no meaning."""
        return False

    def pause(self, now: int) -> None:  # noqa: B027  # most shapes have done by then what was due
        """A pause begins."""

    def resume(self, now: int) -> None:  # noqa: B027  # most shapes need not know
        """A pause is over. In it `advance` was not called."""
