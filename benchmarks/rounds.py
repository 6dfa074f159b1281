"""Generators in turns: medians, ratios, and requests per CPU-second beside the rates of the wall clock."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.machine import enough_cores
from benchmarks.nginx import Nginx
from benchmarks.report import Limit, Section


@dataclass(frozen=True)
class Taken:
    """One round of a generator: the rate it states, and the CPU seconds that it used."""

    rate: float
    cpu_s: float


@dataclass(frozen=True)
class Generator:
    """`go(seconds)` runs it for that long; `command` is what a reader would type."""

    name: str
    command: str
    go: Callable[[int], Taken]


@dataclass(frozen=True)
class Figures:
    """The rounds of one generator. `per_cpu_s` are requests that the target answered per CPU-second."""

    rates: Sequence[float]
    per_cpu_s: Sequence[float]

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    @property
    def efficiency(self) -> float:
        return statistics.median(self.per_cpu_s)


def alternate(nginx: Nginx, generators: Sequence[Generator], rounds: int, seconds: int) -> dict[str, Figures]:
    """Rounds in turns, so that whatever else the machine does meets all of them."""
    for generator in generators:
        generator.go(1)  # caches warm, processes up
    found: dict[str, Figures] = {each.name: Figures([], []) for each in generators}
    for _ in range(rounds):
        for generator in generators:
            rate, per_cpu_s = _round(nginx, generator, seconds)
            figures = found[generator.name]
            found[generator.name] = Figures([*figures.rates, rate], [*figures.per_cpu_s, per_cpu_s])
    return found


def _round(nginx: Nginx, generator: Generator, seconds: int) -> tuple[float, float]:
    before = nginx.status().requests
    taken = generator.go(seconds)
    served = nginx.status().requests - before - 1  # the second look is counted too
    return taken.rate, served / taken.cpu_s


def compared(
    title: str,
    found: Mapping[str, Figures],
    generators: Sequence[Generator],
    limits: Mapping[str, float],
    seconds: int,
) -> Section:
    """The table of Katydid beside its peers; `limits` are the shares of a peer's rate that it must reach."""
    ours = found["katydid"]
    return Section(
        f"{title}; {len(ours.rates)} rounds of {seconds} s",
        ["generator", "median/s", "lowest", "highest", "Katydid ÷ it", "per CPU-second", "Katydid ÷ it "],
        [_row(name, figures, ours) for name, figures in found.items()],
        [
            Limit(f"Katydid's rate ÷ {name}'s", ours.rate / found[name].rate, share, at_least=True)
            for name, share in limits.items()
            if name in found
        ],
        [] if enough_cores() else ["fewer than two cores: generator and target shared one"],
        [generator.command for generator in generators],
    )


def _row(name: str, figures: Figures, ours: Figures) -> list[str]:
    return [
        name,
        f"{figures.rate:,.0f}",
        f"{min(figures.rates):,.0f}",
        f"{max(figures.rates):,.0f}",
        f"{ours.rate / figures.rate:.2f}",
        f"{figures.efficiency:,.0f}",
        f"{ours.efficiency / figures.efficiency:.2f}",
    ]
