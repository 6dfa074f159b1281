"""What an experiment's page shows: the grid as a heatmap of each measure. Pure."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from webui.analysis.experiment import CellFigures
from webui.experiments import Cell, Experiment, Variant, VariantState
from webui.pages.sharing import ShareLink

SHADES = 8  # of the heatmap's ramp, few to many


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One cell. The three are its shades, 0 to 7, by measure; None where there is no figure."""

    cell: Cell
    throughput: int | None
    p95: int | None
    success: int | None

    @property
    def figures(self) -> CellFigures:
        """What was measured; all None until then."""
        return self.cell.figures or CellFigures(users=self.cell.users)


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One variant."""

    variant: Variant
    state: VariantState
    cells: Sequence[HeatCell]


@dataclass(frozen=True, slots=True)
class ExperimentPage:
    """`/experiments/{id}`, or the address of a link to it. `base` is what its own links start with."""

    experiment: Experiment
    rows: Sequence[HeatRow]
    base: str
    shared: bool = False
    links: Sequence[ShareLink] = ()

    @property
    def live(self) -> bool:
        """Whether more is to come."""
        return self.experiment.live

    @property
    def sentences(self) -> Sequence[str]:
        """How each variant differs from the first."""
        return [each.sentence for each in self.experiment.progress.differences if each.sentence]

    @property
    def target(self) -> str:
        """What is tested."""
        definition = self.experiment.definition
        return definition.target or definition.path

    @property
    def untrusted(self) -> int:
        """How many cells have figures that the load generator may have limited."""
        cells = self.experiment.progress.cells
        return sum(cell.figures is not None and not cell.figures.trustworthy for cell in cells)


def experiment_page(
    experiment: Experiment, links: Sequence[ShareLink] = (), *, shared_at: str | None = None
) -> ExperimentPage:
    """The page of an experiment as it stands; its owner's, or the one that a link at this address shows."""
    figures = [cell.figures for cell in experiment.progress.cells if cell.figures is not None]
    throughput = _linear([each.throughput_rps for each in figures])
    p95 = _logarithmic([each.p95_ms for each in figures])
    rows = []
    for place, (variant, state) in enumerate(
        zip(experiment.definition.variants, experiment.progress.variants, strict=True)
    ):
        cells = [_heat(cell, throughput, p95) for cell in experiment.progress.row(place)]
        rows.append(HeatRow(variant, state, cells))
    base = shared_at or f"/experiments/{experiment.id}"
    return ExperimentPage(experiment, rows, base, shared=shared_at is not None, links=links)


Shade = Callable[[float], int]


def _heat(cell: Cell, throughput: Shade, p95: Shade) -> HeatCell:
    figures = cell.figures
    if figures is None:
        return HeatCell(cell, None, None, None)
    percent = figures.success_percent
    return HeatCell(
        cell,
        None if figures.throughput_rps is None else throughput(figures.throughput_rps),
        None if figures.p95_ms is None else p95(figures.p95_ms),
        None if percent is None else _shade(percent / 100.0),
    )


def _linear(values: Sequence[float | None]) -> Shade:
    top = max((value for value in values if value), default=1.0)
    return lambda value: _shade(value / top)


def _logarithmic(values: Sequence[float | None]) -> Shade:
    """Times differ by factors; two factors of 2 and less get no full ramp."""
    found = [value for value in values if value]
    low, high = min(found, default=1.0), max(found, default=1.0)
    span = max(math.log(high / low), math.log(4.0))
    return lambda value: _shade(math.log(max(value, low) / low) / span)


def _shade(share: float) -> int:
    return max(0, min(SHADES - 1, int(share * SHADES)))
