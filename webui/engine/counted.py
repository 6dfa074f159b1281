"""A user with a number of iterations of its own."""

from webui.engine.surroundings import Surroundings
from webui.engine.template import Template
from webui.engine.user import User


class CountedUser(User):
    """A user who does so many iterations and retires."""

    __slots__ = ("_left",)

    def __init__(self, around: Surroundings, iterations: int) -> None:
        super().__init__(around)
        self._left = iterations

    def wake(self) -> None:
        if self._left:
            super().wake()
        else:
            self.retire()

    def begin(self, template: Template) -> None:
        self._left -= 1
        super().begin(template)

    @property
    def spent(self) -> bool:
        """Whether it has begun all of them."""
        return not self._left
