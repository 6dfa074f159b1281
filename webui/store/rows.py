"""Records to rows of the tables and back. Pure."""

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from webui.store import listing
from webui.store.records import CommandRecord, ExperimentRecord, RunRecord, RunSummary, ShareRecord

TARGET_LENGTH = 500  # of a target in lists; the plan has it in full
SUMMARY = tuple(RunSummary.__dataclass_fields__)
OF_RUN = (*SUMMARY, "note", "shards", "load_s")
_LISTS = ("tags", "spark", "spark_p95")
_SPARK_DIGITS = 4  # a sparkline shows no more, and lists read narrower rows


def row(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Column values of a record's fields."""
    values = dict(fields)
    if "target" in values:
        values["target"] = values["target"][:TARGET_LENGTH]
    for name in _LISTS:
        if name in values:
            values[name] = list(values[name]) if name == "tags" else [_rounded(each) for each in values[name]]
    if values.get("cell") is not None:
        values["cell"] = dict(values["cell"])
    return values


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_SPARK_DIGITS}g}")


def search_text(fields: Mapping[str, Any]) -> str:
    """What searches look into."""
    return listing.folded(fields["name"], fields["target"][:TARGET_LENGTH], *fields["tags"])


def summary(found: Row[Any]) -> RunSummary:
    """The summary in a row of `runs`."""
    return RunSummary(**_fields(found, SUMMARY))


def record(found: Row[Any]) -> RunRecord:
    """The record in a row of `runs` with its documents; a long run's takes milliseconds."""
    values = _fields(found, (*OF_RUN, "plan", "baseline"))
    return RunRecord(**values, result=unpacked(found.result))


def _fields(found: Row[Any], names: Sequence[str]) -> dict[str, Any]:
    values = {name: getattr(found, name) for name in names}
    return values | {name: tuple(values[name] or ()) for name in _LISTS}


def share(found: Row[Any]) -> ShareRecord:
    """The link in a row of `shares`."""
    values = {name: getattr(found, name) for name in ShareRecord.__dataclass_fields__}
    texts = {name: values[name] or "" for name in ("run_id", "experiment_id")}
    return ShareRecord(**values | texts | {"runs": tuple(values["runs"] or ())})


def experiment(found: Row[Any]) -> ExperimentRecord:
    """The experiment in a row of `experiments`."""
    return ExperimentRecord(**{name: getattr(found, name) for name in ExperimentRecord.__dataclass_fields__})


def command(found: Row[Any]) -> CommandRecord:
    """The command in a row of `commands`."""
    return CommandRecord(**{name: getattr(found, name) for name in CommandRecord.__dataclass_fields__})


def packed(result: Mapping[str, Any] | None) -> bytes | None:
    """A result document as it is kept."""
    if result is None:
        return None
    text = json.dumps(result, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return zlib.compress(text.encode(), 6)


def unpacked(data: bytes | None) -> dict[str, Any] | None:
    """The result document that was kept."""
    if data is None:
        return None
    result: dict[str, Any] = json.loads(zlib.decompress(data))
    return result
