"""Tables, and that of thresholds, which is shown both while a run goes on and when it has ended."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from webui import units
from webui.analysis.document import ThresholdPart
from webui.cli.console import foreign


def plain_table(*titles: str, numbers_from: int) -> Table:
    """A table without lines; its columns from number `numbers_from` on stand to the right."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for position, title in enumerate(titles):
        table.add_column(title, justify="right" if position >= numbers_from else "left")
    return table


def threshold_table(thresholds: Sequence[ThresholdPart]) -> Table:
    """Each rule, whether it holds, and what was measured."""
    table = plain_table("Threshold", "", "Measured", numbers_from=2)
    for threshold in thresholds:
        verdict = Text("holds", style="green") if threshold.passed else Text("broken", style="red")
        if threshold.note:
            verdict = Text("not judged", style="yellow")
        table.add_row(foreign(threshold.expression), verdict, _measured(threshold))
    return table


def _measured(threshold: ThresholdPart) -> str:
    if threshold.expression.startswith("audit."):
        return units.DASH if threshold.actual is None else "yes" if threshold.actual else "no"
    if threshold.unit == "ms":
        return units.milliseconds(threshold.actual)
    if threshold.unit == "%":
        return units.percent(threshold.actual)
    if threshold.unit:
        return f"{units.significant(threshold.actual)}{threshold.unit}"
    return units.count(threshold.actual)
