"""The closed model: so many users, each of whom sends its next request when the last was answered."""

from collections.abc import Callable

from webui.engine.control import ChangeKind
from webui.engine.counted import CountedUser
from webui.engine.crew import Crew
from webui.engine.schedule import NEVER
from webui.engine.shapes import AT_ONCE, Shape
from webui.engine.user import User
from webui.plan.load import ConstantUsers, RampingUsers
from webui.plan.pacing import user_pace
from webui.units import NS_PER_MS, NS_PER_S

_CATCH_UP_MS = 20  # of a loop that comes late, no more than what was due in this time starts at once
_RAMP_STEP_NS = 5 * NS_PER_MS  # how often a ramp is looked at


class UsersShape(Shape):
    """Keeps as many users at work as `pace` says. One who is too many retires when its request has ended,
    at once where it has none under way."""

    def __init__(self, crew: Crew, pace: Callable[[int], int]) -> None:
        super().__init__(crew)
        self._pace = pace  # this shard's number of users at a time
        self._surplus = 0  # users who are to stop when they next ask for work
        self._parked: list[User] = []  # who asked in a pause
        self._added_ns = 0  # when users were last added
        crew.release()

    @property
    def at_work(self) -> int:
        """Users who are to go on."""
        return self.crew.active - self._surplus

    def advance(self, now: int) -> int:
        self._wake_parked()
        wanted = self._pace(now)
        missing = wanted - self.at_work
        if missing > 0:
            self._add(min(missing, self._allowance(now)), now)
        elif missing < 0:
            self._remove(-missing)
        if self._parked or self.at_work < wanted:
            return now + NS_PER_MS
        return self._next_due(now)

    def _allowance(self, now: int) -> int:
        """How many users may start now: so many for each millisecond since the last ones did."""
        since_ms = (now - self._added_ns) // NS_PER_MS
        self._added_ns = now
        return AT_ONCE * max(1, min(since_ms, _CATCH_UP_MS))

    def _next_due(self, now: int) -> int:
        return NEVER

    def _wake_parked(self) -> None:
        for _ in range(min(len(self._parked), AT_ONCE)):
            self._parked.pop().wake()

    def _add(self, number: int, now: int) -> None:
        kept = min(number, self._surplus)
        self._surplus -= kept
        self._gate()
        for _ in range(number - kept):
            if not self.crew.around.ended:
                self._recruit(now)

    def _recruit(self, now: int) -> None:
        self.crew.hire().wake()

    def _remove(self, number: int) -> None:
        while number and (self._parked or self.crew.resting):
            # Whoever thinks or was paused has nothing under way.
            user = self._parked.pop() if self._parked else self.crew.resting.take_any()
            if user.resting:
                number -= 1
                self._dismiss(user)
        self._surplus += number
        self._gate()

    def _dismiss(self, user: User) -> None:
        user.retire()

    def _gate(self) -> None:
        """Users get work directly unless somebody has to be told to stop."""
        if self._surplus or self.crew.paused:
            self.crew.hold()
        else:
            self.crew.release()

    def idle(self, user: User) -> None:
        if self._surplus:
            self._surplus -= 1
            self._gate()
            self._dismiss(user)
        elif self.crew.paused:
            self._parked.append(user)
        else:
            self.crew.host.finish("iterations")  # there are none left; it retires whoever rests

    def resume(self, now: int) -> None:
        self._gate()


class ConstantShape(UsersShape):
    """Constant users, started one by one at the spawn rate."""

    def __init__(self, crew: Crew, load: ConstantUsers) -> None:
        super().__init__(crew, self._planned)
        self._load = load
        self._global_pace = user_pace(load)
        self._changed: int | None = None  # the number of users since a change
        self._spent = 0  # users who have done all their iterations

    @property
    def at_work(self) -> int:
        return super().at_work + self._spent

    def _planned(self, now: int) -> int:
        return (
            self._target if self._changed is not None else self.crew.share(self._global_pace(now / NS_PER_S))
        )

    @property
    def _target(self) -> int:
        return self.crew.share(self._load.users) if self._changed is None else self._changed

    def _due_of(self, number: int) -> int:
        """When this shard's user number 0, 1, … starts: shards have every so-many-th user of all."""
        overall = number * self.crew.shards + self.crew.shard
        return round(overall / self._load.spawn_per_s * NS_PER_S)

    def _next_due(self, now: int) -> int:
        started = self.at_work
        if self._changed is not None or started >= self._target:
            return NEVER
        return max(self._due_of(started), now + 1)

    def _recruit(self, now: int) -> None:
        if self._changed is None:
            self.crew.health.schedule_lag.add(now - self._due_of(self.at_work))
        super()._recruit(now)

    def change(self, kind: ChangeKind, value: float, now: int) -> bool:
        if kind != "users":
            return False
        self._changed = self.crew.share(int(value))
        self._end_when_spent()
        return True

    def retired(self, user: User) -> None:
        if isinstance(user, CountedUser) and user.spent:
            self._spent += 1
            self._end_when_spent()

    def _end_when_spent(self) -> None:
        if not self.crew.active and 0 < self._target <= self._spent:
            self.crew.host.finish("iterations")


class RampingShape(UsersShape):
    """Users by stages."""

    def __init__(self, crew: Crew, load: RampingUsers) -> None:
        global_pace = user_pace(load)
        super().__init__(crew, lambda now: crew.share(global_pace(now / NS_PER_S)))

    def _next_due(self, now: int) -> int:
        return now + _RAMP_STEP_NS

    def change(self, kind: ChangeKind, value: float, now: int) -> bool:
        if kind == "users":
            number = self.crew.share(int(value))
            self._pace = lambda _: number
        return kind == "users"
