"""What `/lab` shows, as typed values; all words are the templates'. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup
from starlette.datastructures import FormData

from webui.errors import InvalidInput, NotFound
from webui.experiments import Experiment
from webui.lab.commands import needs_extra
from webui.lab.manager import RunningTarget
from webui.lab.model import PracticeTarget, Server, Setup
from webui.lab.registry import TARGETS
from webui.pages.highlight import python_html
from webui.pages.lab_tests import LabTest
from webui.units import parse_count

WORKERS = (1, 2, 4)
NEAR = 0.1  # relative: a number this close is right,
NEAR_ONE = 0.35  # and so is one that differs by no more, which matters up to 3


@dataclass(frozen=True, slots=True)
class StartFields:
    """What stands in a card's start form; numbers as typed."""

    workers: str
    server: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LabCard:
    """One practice target. `predicted` is the place of this browser's answer among the choices; `servers`
    are those that are installed; `problem` says why what was just asked for is not done."""

    target: PracticeTarget
    running: Sequence[RunningTarget]
    test: LabTest | None
    predicted: int | None
    fields: StartFields
    servers: Sequence[Server]
    problem: str = ""

    @property
    def source(self) -> Markup:
        """Its source text as HTML."""
        return python_html(self.target.source)

    @property
    def lines(self) -> int:
        """How many lines of source there are."""
        return self.target.source.count("\n")

    @property
    def workers(self) -> Sequence[int]:
        """How many workers are offered."""
        return WORKERS if self.target.allows_workers else ()

    @property
    def usable(self) -> bool:
        """Whether a server that can run it is installed."""
        return bool(self.servers)

    @property
    def told(self) -> bool:
        """Whether there is a diagnosis to compare the answer with."""
        return self.test is not None and self.test.found is not None

    @property
    def right_choice(self) -> int:
        """The place of the right answer among the choices."""
        return self.target.question.choices.index(self.target.question.answer)

    @property
    def predicted_right(self) -> bool:
        """Whether this browser's answer is the right one."""
        return self.predicted == self.right_choice

    @property
    def expected_at_a_time(self) -> float | None:
        """How many at a time the test should have found; None where the target sets no limit."""
        return self.target.at_a_time(self.test.setup if self.test else None)

    @property
    def as_expected(self) -> bool:
        """Whether the diagnosis found the pattern that is true."""
        found = self.test.found if self.test else None
        return found is not None and found.pattern == self.target.expects.pattern

    @property
    def number_is_off(self) -> bool:
        """Whether the diagnosis found a number that is not near the true one. A peak's says little."""
        found = self.test.found if self.test else None
        true = self.expected_at_a_time
        value = None if found is None else found.effective_parallelism.value
        if true is None or value is None or self.target.expects.pattern == "degrades":
            return False
        return abs(value - true) > max(NEAR * true, NEAR_ONE)


@dataclass(frozen=True, slots=True)
class ExperimentFields:
    """What stands in the form of a new experiment, as typed. `of`: a practice target or addresses."""

    of: str = "target"
    target: str = "threads"
    workers: Sequence[str] = ("1", "2", "4")
    addresses: str = ""
    path: str = "/"
    users: str = "1, 4, 16, 64, 256"
    cell_s: str = "3 s"
    warmup_s: str = "0.5 s"
    diagnose: bool = True
    may_test: bool = False

    @classmethod
    def read(cls, form: FormData) -> "ExperimentFields":
        """The fields that were sent; of those that were not, the defaults. A box that is not ticked is not
        sent: `ticks` says that there was one."""
        texts = {
            name: str(form[name])
            for name in ("of", "target", "addresses", "path", "users", "cell_s", "warmup_s")
            if name in form
        }
        workers = tuple(str(each) for each in form.getlist("workers"))
        ticked = "ticks" in form
        return cls(
            **texts,
            workers=workers if workers or ticked else cls().workers,
            diagnose="diagnose" in form or not ticked,
            may_test="may_test" in form,
        )


@dataclass(frozen=True, slots=True)
class LabPage:
    """`/lab`. `experiment` is the form of a new one, `wrong` why it was not started."""

    cards: Sequence[LabCard]
    experiment: ExperimentFields = ExperimentFields()
    recent: Sequence[Experiment] = ()
    wrong: str = ""

    @property
    def running(self) -> int:
        """How many practice targets run."""
        return sum(len(card.running) for card in self.cards)

    def card(self, name: str) -> LabCard:
        """The card of that target. Raises NotFound."""
        for card in self.cards:
            if card.target.name == name:
                return card
        raise NotFound(f"There is no practice target {name[:60]!r}.")


def start_fields(target: PracticeTarget) -> StartFields:
    """The form as it first stands: the target's defaults."""
    setup = target.setup()
    options = {option.name: str(option.default) for option in target.options}
    return StartFields(str(setup.workers), setup.server, options)


def lab_page(
    running: Sequence[RunningTarget],
    tests: Mapping[str, LabTest],
    predicted: Mapping[str, int],
    *,
    extra: bool,
) -> LabPage:
    """The page as it stands. `extra`: whether the extra `lab` is installed."""
    return LabPage(
        [
            LabCard(
                target=target,
                running=[each for each in running if each.name == target.name],
                test=tests.get(target.name),
                predicted=_choice(target, predicted.get(target.name)),
                fields=start_fields(target),
                servers=[each for each in target.servers if extra or not needs_extra(target, each)],
            )
            for target in TARGETS
        ]
    )


def _choice(target: PracticeTarget, place: int | None) -> int | None:
    return place if place is not None and 0 <= place < len(target.question.choices) else None


def setup_of(target: PracticeTarget, fields: StartFields) -> Setup:
    """The setup that was typed. Raises InvalidInput."""
    numbers = {name: _number(f"options.{name}", text) for name, text in fields.options.items()}
    server: Server | None = next((each for each in target.servers if each == fields.server), None)
    return target.setup(workers=_number("workers", fields.workers), server=server, options=numbers)


def _number(field: str, text: str) -> int:
    try:
        return parse_count(text)
    except ValueError as error:
        raise InvalidInput.at(field, str(error)) from None
