"""Generators in turns: medians, ratios, and requests per CPU-second beside the rates of the wall clock."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.machine import enough_cores
from benchmarks.nginx import Nginx
from benchmarks.report import Limit, Section


@dataclass(frozen=True)
class Taken:
    """One round of a generator: the rate it states, and the CPU seconds that it used; of these, for Katydid,
    the ones of its engines, without the dashboard."""

    rate: float
    cpu_s: float
    engines_cpu_s: float | None = None


@dataclass(frozen=True)
class Generator:
    """`go(seconds)` runs it for that long; `command` is what a reader would type."""

    name: str
    command: str
    go: Callable[[int], Taken]


@dataclass(frozen=True)
class Figures:
    """The rounds of one generator. `per_cpu_s` are requests that the target answered per CPU-second, and
    `per_engine_s` those per CPU-second of Katydid's engines alone."""

    rates: Sequence[float]
    per_cpu_s: Sequence[float]
    per_engine_s: Sequence[float] = ()

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
    found: dict[str, list[tuple[Taken, int]]] = {each.name: [] for each in generators}
    for _ in range(rounds):
        for generator in generators:
            found[generator.name].append(_round(nginx, generator, seconds))
    return {name: _figures(taken) for name, taken in found.items()}


def _round(nginx: Nginx, generator: Generator, seconds: int) -> tuple[Taken, int]:
    """What it states, and how many requests the target answered."""
    before = nginx.status().requests
    taken = generator.go(seconds)
    return taken, nginx.status().requests - before - 1  # the second look is counted too


def _figures(rounds: Sequence[tuple[Taken, int]]) -> Figures:
    return Figures(
        [taken.rate for taken, _ in rounds],
        [served / taken.cpu_s for taken, served in rounds],
        [served / taken.engines_cpu_s for taken, served in rounds if taken.engines_cpu_s],
    )


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
        _remarks(found),
        [generator.command for generator in generators],
    )


def _remarks(found: Mapping[str, Figures]) -> list[str]:
    remarks = [] if enough_cores() else ["fewer than two cores: generator and target shared one"]
    ours = found["katydid"].per_engine_s
    if ours:
        alone = statistics.median(ours)
        shares = [f"{alone / each.efficiency:.2f} of {name}'s" for name, each in found.items()]
        words = f"Katydid's engines, without its dashboard: {alone:,.0f} requests per CPU-second"
        remarks.append(f"{words}, {', '.join(shares[1:])}")
    return remarks


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
