"""The comparison in sentences: one that a manager understands, then the rest. Pure."""

from collections.abc import Iterator, Sequence

from webui import units
from webui.analysis.compare_document import (
    CellPart,
    ComparedRunPart,
    MeasurePart,
    SettingPart,
    VerdictPart,
)

MINUS = "−"
_TAILS = {"p99.9": "slowest 1 in 1,000", "p99": "slowest 1 in 100", "p95": "slowest 1 in 20"}
_TOLD = 3  # settings named in a sentence


def verdict(
    runs: Sequence[ComparedRunPart],
    measures: Sequence[MeasurePart],
    settings: Sequence[SettingPart],
    *,
    open_model: bool,
) -> VerdictPart:
    """What came out, first of the second run, then of the others, then what differed."""
    rows = {measure.key: measure for measure in measures}
    told = [list(_of_run(runs, place, rows, open_model=open_model)) for place in range(1, len(runs))]
    headline, details = " ".join(told[0]), [" ".join(each) for each in told[1:]]
    return VerdictPart(headline=headline, details=(*details, *_of_settings(runs, settings)))


def _of_run(
    runs: Sequence[ComparedRunPart], place: int, rows: dict[str, MeasurePart], *, open_model: bool
) -> Iterator[str]:
    base, run = runs[0], runs[place]
    if not run.comparable:
        yield f"{base.letter} and {run.letter} cannot be compared: {_joined(run, base)}."
        return
    cells = {key: measure.runs[place] for key, measure in rows.items()}
    lead = _lead(cells, open_model=open_model)
    yield _speed(base.letter, run.letter, lead, cells)
    yield from _tail(cells, lead)
    yield from _success(run, cells, rows["success"].runs[0])


def _joined(run: ComparedRunPart, base: ComparedRunPart) -> str:
    if base.reasons:
        return f"{base.letter}: {base.reasons[0]}"
    return f"of {run.letter}, {run.reasons[0]}" if run.reasons[0].startswith("it") else run.reasons[0]


def _lead(cells: dict[str, CellPart], *, open_model: bool) -> str:
    """What speed is told by. Where starts come on a schedule, throughput is the plan's and not the target's."""
    if not open_model and cells["throughput"].change is not None:
        return "throughput"
    return next(
        (key for key in ("p50", "mean") if key in cells and cells[key].change is not None), "throughput"
    )


def _speed(first: str, second: str, lead: str, cells: dict[str, CellPart]) -> str:
    cell = cells[lead]
    if cell.word == "same":
        return f"{second} is as fast as {first}."
    if cell.change is None or cell.word in ("no clear difference", "not comparable", None):
        return f"There is no clear difference between {first} and {second}."
    ratio = 1 + cell.change / 100
    times = ratio if lead == "throughput" else 1 / max(ratio, 1e-9)
    how = _times(times)
    by = "" if lead == "throughput" else ", by the median of the response times"
    return f"{second} is {how} {first}{by}."


def _times(ratio: float) -> str:
    """How fast in words: `about twice as fast as`, `12.3% slower than`."""
    if 1.9 <= ratio <= 2.1:
        return "about twice as fast as"
    if ratio > 1.5:
        return f"about {ratio:.2g} times as fast as"
    if 0.48 <= ratio <= 0.52:
        return "about half as fast as"
    if ratio < 0.48:
        return f"about {1 / max(ratio, 1e-9):.2g} times slower than"
    return f"{units.significant(abs(ratio - 1) * 100, 2)}% {'faster' if ratio > 1 else 'slower'} than"


def _tail(cells: dict[str, CellPart], lead: str) -> Iterator[str]:
    """A sentence on the slowest requests where they went another way than the rest."""
    main = cells[lead].word
    for key, words in _TAILS.items():
        cell = cells.get(key)
        if cell is None or cell.change is None:
            continue
        if cell.word == main or (cell.word == "same" and main == "no clear difference"):
            return
        if cell.word in ("no clear difference", "same"):
            yield f"Its {words} requests are not clearly {main}."
        else:
            yield f"Its {words} requests are {_percent(abs(cell.change))} {cell.word}."
        return


def _percent(change: float) -> str:
    if 90 <= change <= 110:
        return "about twice as"
    return f"{units.significant(change, 2)}%"


def _success(run: ComparedRunPart, cells: dict[str, CellPart], base: CellPart) -> Iterator[str]:
    cell = cells.get("success")
    if cell is None or cell.word not in ("lower", "higher"):
        return
    how = "More" if cell.word == "lower" else "Fewer"
    yield (
        f"{how} of its requests fail: {units.percent(cell.value)} succeed, against {units.percent(base.value)}."
    )


def _of_settings(runs: Sequence[ComparedRunPart], settings: Sequence[SettingPart]) -> Iterator[str]:
    different = [setting for setting in settings if setting.differs]
    if not different:
        yield "All settings that Katydid knows of are the same; what differs is the service, or the moment."
        return
    count = units.plural(len(different), "setting differs", "settings differ")
    names = ", ".join(setting.label for setting in different[:_TOLD])
    yield f"{count[:1].upper()}{count[1:]} between the runs: {names}{' and more' if len(different) > _TOLD else ''}."
    if len(different) < 2:
        return
    for first in range(len(runs)):
        for second in range(first + 1, len(runs)):
            apart = [each for each in different if each.values[first] != each.values[second]]
            if len(apart) == 1:
                yield (
                    f"{runs[first].letter} against {runs[second].letter} shows the effect of "
                    f"{apart[0].label.lower() if apart[0].label[:1].isupper() and apart[0].label[1:2].islower() else apart[0].label} alone."
                )


def signed(value: float, decimals: int) -> str:
    """`+12.3`, `−4.0` with a real minus sign; `0` for none."""
    text = f"{abs(value):,.{decimals}f}"
    if not text.strip("0.,"):
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def change_text(cell: CellPart, unit: str) -> tuple[str, str]:
    """A change and its interval: `+97.9%` and `+97.3% to +98.4%`; decimals are added until its ends differ.
    Two dashes where there is none."""
    if cell.change is None or cell.low is None or cell.high is None:
        return units.DASH, ""
    mark = {"%": "%", "points": "\u00a0pt", "/s": "\u00a0/s"}[unit]
    decimals = next((n for n in (1, 2, 3) if _apart(cell.low, cell.high, n)), 3)
    change, low, high = (signed(value, decimals) for value in (cell.change, cell.low, cell.high))
    first = low if unit != "%" else f"{low}%"
    return f"{change}{mark}", f"{first} to {high}{mark}"


def _apart(low: float, high: float, decimals: int) -> bool:
    return round(low, decimals) != round(high, decimals)
