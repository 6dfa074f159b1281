"""Bursts: so many requests at one instant, again when all of them have ended and a pause is over."""

from collections.abc import Sequence

from webui.engine.crew import Crew
from webui.engine.pool import Pool
from webui.engine.schedule import NEVER
from webui.engine.shapes import Shape
from webui.engine.template import Template
from webui.engine.user import User
from webui.plan.load import Burst
from webui.units import NS_PER_MS, NS_PER_S


class BurstShape(Shape):
    """Connections are made before the instant, as far as they are kept alive. It ends by itself."""

    open = True

    def __init__(self, crew: Crew, load: Burst, firsts: Sequence[Template]) -> None:
        super().__init__(crew)
        self._size = crew.share(load.size)
        self._left = load.count
        self._pause_ns = round(load.pause_s * NS_PER_S)
        self._pool = Pool(crew, self._size, firsts)
        self._to_prepare = self._size
        self._instant_ns = 0  # of the next burst, at the earliest
        self._under_way = 0

    def prepare(self) -> bool:
        begun = self._pool.connect_ahead(self._to_prepare)
        self._to_prepare = self._to_prepare - begun if begun else 0
        return not self._to_prepare and not self._pool.connecting

    def advance(self, now: int) -> int:
        if self._under_way or not self._left:
            return NEVER
        if now < self._instant_ns:
            return self._instant_ns
        if self._pool.connecting:
            self._instant_ns = now + NS_PER_MS
            return self._instant_ns
        self._fire()
        return NEVER

    def _fire(self) -> None:
        templates = [self.crew.choose_any() for _ in range(self._size)]
        users = [self._pool.take(template.origin) for template in templates]
        self._left -= 1
        self._under_way = self._size
        instant_ns = self.crew.host.origin_ns + self._instant_ns
        for template, user in zip(templates, users, strict=True):
            assert user is not None  # between bursts nobody is busy
            self.crew.health.schedule_lag.add(user.begin_due(template, instant_ns))

    def idle(self, user: User) -> None:
        if self._pool.put(user):
            self._under_way -= 1
            if not self._under_way:
                self._ended()

    def _ended(self) -> None:
        if not self._left:
            self.crew.host.finish("iterations")
            return
        self._instant_ns = self.crew.host.now_ns() + self._pause_ns
        self._pool.warm()
        self.crew.host.ring_soon()
