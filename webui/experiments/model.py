"""What an experiment tries, and what has come of it so far: documents, kept as JSON. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from webui.analysis.diagnosed import Confidence, Pattern
from webui.analysis.experiment import CellFigures, Difference, VariantFigures, differences
from webui.analysis.part import Part
from webui.lab.model import MAX_WORKERS, PracticeTarget
from webui.plan.target import parse_url
from webui.units import plural

MAX_VARIANTS = 8
MAX_LEVELS = 12
MAX_CELL_USERS = 10_000
DEFAULT_WORKERS = (1, 2, 4)
DEFAULT_USERS = (1, 4, 16, 64, 256)

Status = Literal["waiting", "running", "finished", "stopped", "interrupted"]
CellStatus = Literal["waiting", "running", "done", "failed", "skipped"]
Users = Annotated[int, Field(ge=1, le=MAX_CELL_USERS)]


class Variant(BaseModel):
    """One row of the grid: a practice target with so many workers, a service at `base_url`, or one that a
    command of the operator's starts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Annotated[str, Field(min_length=1, max_length=60)]
    workers: Annotated[int | None, Field(ge=1, le=MAX_WORKERS)] = None
    base_url: Annotated[str | None, Field(max_length=500)] = None
    started: Annotated[
        bool, Field(description="Started by a command, which only `katydid experiment --start` takes.")
    ] = False

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None:
            parse_url(value)
        return value


class Definition(BaseModel):
    """The grid. `target` names a practice target, whose route is tested; else `path` is asked of each
    variant's `base_url`. With `diagnose`, each variant is swept too, to say why it behaves as it does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(max_length=200)] = ""
    target: Annotated[str | None, Field(max_length=60)] = None
    path: Annotated[str, Field(max_length=2000, pattern=r"^/")] = "/"
    variants: Annotated[tuple[Variant, ...], Field(min_length=1, max_length=MAX_VARIANTS)]
    users: Annotated[tuple[Users, ...], Field(min_length=1, max_length=MAX_LEVELS)] = DEFAULT_USERS
    cell_s: Annotated[float, Field(ge=0.5, le=60, description="Seconds of load in each cell.")] = 3.0
    warmup_s: Annotated[
        float, Field(ge=0, le=30, description="Seconds of load before each cell, in none of its figures.")
    ] = 0.5
    diagnose: bool = True

    @field_validator("users")
    @classmethod
    def _rising(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(value)))

    @model_validator(mode="after")
    def _variants_fit(self) -> Self:
        labels = [variant.label for variant in self.variants]
        if len(set(labels)) < len(labels):
            raise ValueError("two variants have the same label")
        own = [variant.started or variant.base_url is not None for variant in self.variants]
        if self.target is None and not all(own):
            raise ValueError("each variant needs a base_url, or the experiment a practice target")
        if self.target is not None and any(own):
            raise ValueError("give a practice target or addresses, not both")
        return self

    @property
    def title(self) -> str:
        """Its name, or one made of what it tries."""
        counts = [variant.workers for variant in self.variants]
        if self.target is None or len(counts) == 1:
            tried = self.target or self.path.partition("?")[0]  # a query may hold what is not for lists
            return self.name or f"{tried}: {plural(len(counts), 'variant')}"
        return self.name or f"{self.target}: {', '.join(str(count or 'usual') for count in counts)} workers"


class VariantState(Part):
    """How far a variant is. `problem` says why there is nothing more of it."""

    status: Literal["waiting", "starting", "running", "diagnosing", "done", "failed"] = "waiting"
    problem: str = ""
    base_url: str | None = None
    sweep_run_id: str | None = None
    pattern: Pattern | None = None
    headline: str = ""
    confidence: Confidence | None = None
    at_a_time: float | None = None


class Cell(Part):
    """One short run. `figures` are null until it has ended, and where nothing was measured."""

    variant: int
    users: int
    status: CellStatus = "waiting"
    run_id: str | None = None
    figures: CellFigures | None = None
    reason: str = ""


class Progress(Part):
    """What has come of an experiment so far: `cells` row by row."""

    variants: tuple[VariantState, ...]
    cells: tuple[Cell, ...]
    differences: tuple[Difference, ...] = ()
    reason: str = ""

    @classmethod
    def of(cls, definition: Definition) -> "Progress":
        """Nothing has begun."""
        rows = range(len(definition.variants))
        cells = (Cell(variant=row, users=users) for row in rows for users in definition.users)
        return cls(variants=tuple(VariantState() for _ in rows), cells=tuple(cells))

    def with_cell(self, cell: Cell) -> "Progress":
        """With this cell in its place."""
        place = (cell.variant, cell.users)
        cells = tuple(cell if (each.variant, each.users) == place else each for each in self.cells)
        return self.model_copy(update={"cells": cells})

    def with_variant(self, row: int, **changes: object) -> "Progress":
        """With these fields of a variant."""
        states = list(self.variants)
        states[row] = states[row].model_copy(update=changes)
        return self.model_copy(update={"variants": tuple(states)})

    def row(self, variant: int) -> tuple[Cell, ...]:
        """The cells of a variant by rising users."""
        return tuple(cell for cell in self.cells if cell.variant == variant)

    def closed(self, reason: str = "") -> "Progress":
        """Nothing more comes: what waits or runs is skipped."""
        cells = tuple(
            cell.model_copy(update={"status": "skipped"}) if cell.status in ("waiting", "running") else cell
            for cell in self.cells
        )
        return self.model_copy(update={"cells": cells, "reason": reason})

    def compared(self, definition: Definition) -> "Progress":
        """With each variant compared to the first, as far as both are measured."""
        rows = [
            VariantFigures(
                label=variant.label,
                cells=[cell.figures for cell in self.row(place) if cell.figures is not None],
                parallelism=self.variants[place].at_a_time,
                undecided=self.variants[place].pattern == "inconclusive",
            )
            for place, variant in enumerate(definition.variants)
        ]
        return self.model_copy(update={"differences": differences(rows)})


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment as it stands."""

    id: str
    created_at: datetime
    status: Status
    definition: Definition
    progress: Progress

    @property
    def live(self) -> bool:
        """Whether more is to come."""
        return self.status in ("waiting", "running")

    @property
    def done(self) -> int:
        """How many cells were run to their end."""
        return sum(cell.status in ("done", "failed") for cell in self.progress.cells)


def over_workers(target: PracticeTarget, workers: tuple[int, ...] = DEFAULT_WORKERS) -> tuple[Variant, ...]:
    """The variants of a practice target; one where it takes no workers."""
    counts = sorted(set(workers)) if target.allows_workers else [1]
    return tuple(Variant(label=plural(count, "worker"), workers=count) for count in counts)


def labelled_address(text: str) -> dict[str, str]:
    """`label = address` or an address alone as the fields of a variant."""
    label, equals, address = text.partition("=")
    if not equals or label.strip().startswith(("http://", "https://")):
        label, address = text, text
    return {"label": label.strip()[:60], "base_url": address.strip()}
