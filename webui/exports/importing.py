"""From the JSON export back to a run for the store.

Nothing of the file is executed; what does not fit is refused with a sentence. Pure, but for `put_run`.
"""

import asyncio
import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

from pydantic import ValidationError

from webui.analysis.baseline import Baseline
from webui.analysis.document import RunDocument
from webui.errors import Conflict, InvalidInput, Problem
from webui.exports.recording import FORMAT, checksum
from webui.metrics.series import LIMIT
from webui.metrics.snapshot import Snapshot
from webui.plan.documents import plan_from_data, plan_to_data
from webui.plan.identity import plan_key
from webui.plan.model import Plan
from webui.runs.model import RunView
from webui.runs.stored import view_of
from webui.runs.summary import final_fields, load_text, target_text
from webui.store import RunRecord, Store

MAX_BYTES: Final = 256_000_000
MAX_UNPACKED: Final = 512_000_000  # of all rows together
_RUN_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SCHEMA: Final = "katydid.run/1"
_WHERE_FROM: Final = "Take it from `katydid run --json`, `katydid export RUN json` or a run's page."


@dataclass(frozen=True, slots=True)
class Imported:
    """A run that was read from a file: its record, and its rows as the store keeps them."""

    record: RunRecord
    rows: Sequence[bytes]


def read_run(data: bytes) -> Imported:
    """The run of an exported file. Raises InvalidInput for one that is none, was changed or does not fit."""
    if len(data) > MAX_BYTES:
        _refuse(f"the file is larger than {MAX_BYTES // 1_000_000} MB, which no run's export is")
    whole = _parsed(data)
    recording = _recording(whole)
    document = _document({key: value for key, value in whole.items() if key != "recording"})
    rows = _rows(recording)
    plan = _plan(document)
    try:
        imported, view = _imported(document, plan, recording, rows)
        _check_rows(view.snapshots, plan)
        _check_same(whole, view.result().model_dump(mode="json", by_alias=True))
        return imported
    except InvalidInput:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise InvalidInput.at("recording", f"its rows are no run's: {error}") from error


async def put_run(store: Store, imported: Imported) -> None:
    """Adds the run. Raises Conflict where there is one of its id, a deleted one too; StoreUnavailable."""
    record = imported.record
    try:
        await store.add_run(record)
    except ValueError as error:
        where = "is there already"
        if await store.deleted_at(record.id) is not None:
            where = f"was deleted and can be restored on /runs/{record.id}"
        raise Conflict(f"The run {record.id} {where}; nothing was changed.") from error
    try:
        await store.put_snapshots(record.id, tuple(enumerate(imported.rows)))
    except BaseException:
        await asyncio.shield(store.delete_run(record.id))
        raise


def _refuse(message: str) -> NoReturn:
    raise InvalidInput.at("", message)


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        whole = json.loads(data, parse_constant=_no_constant)
    except (UnicodeDecodeError, ValueError) as error:
        raise InvalidInput.at("", f"the file is not JSON: {error}. {_WHERE_FROM}") from error
    except RecursionError as error:
        raise InvalidInput.at("", "the file is nested too deeply for an export") from error
    if not isinstance(whole, dict) or whole.get("schema") != _SCHEMA:
        _refuse(f"the file is no result of Katydid: its schema is not {_SCHEMA}. {_WHERE_FROM}")
    return whole


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _recording(whole: Mapping[str, Any]) -> Mapping[str, Any]:
    recording = whole.get("recording")
    if not isinstance(recording, dict):
        _refuse(f"the file has the result alone, without the recording that an import needs. {_WHERE_FROM}")
    if recording.get("format") != FORMAT:
        shown = json.dumps(recording.get("format"))[:60]
        raise InvalidInput.at("recording.format", f"must be {FORMAT}, not {shown}; upgrade Katydid")
    try:
        same = recording.get("sha256") == checksum(whole)
    except (RecursionError, UnicodeEncodeError):
        same = False
    if not same:
        _refuse("the file was changed after it was exported: its checksum does not fit; export the run again")
    if recording.get("partial") is not False:
        _refuse("this is a partial export of a run that had not ended; export it again when it has")
    return recording


def _document(data: Mapping[str, Any]) -> RunDocument:
    try:
        document = RunDocument.model_validate(data)
    except (ValidationError, RecursionError) as error:
        place, message = "", "is nested too deeply"
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            place, message = ".".join(str(part) for part in first["loc"]), first["msg"]
        raise InvalidInput.at(place, f"is not as in a result: {message}") from error
    if document.status in ("queued", "running", "stopping"):
        raise InvalidInput.at("status", "the run had not ended; export it again when it has")
    if not _RUN_ID.fullmatch(document.id):
        raise InvalidInput.at("id", f"{document.id[:60]!r} is no run's id")
    return document


def _rows(recording: Mapping[str, Any]) -> list[bytes]:
    encoded = recording.get("snapshots")
    if not isinstance(encoded, list) or not all(isinstance(row, str) for row in encoded):
        raise InvalidInput.at("recording.snapshots", "must be a list of texts")
    if len(encoded) > LIMIT:
        raise InvalidInput.at("recording.snapshots", f"are {len(encoded)}; a run has {LIMIT} at most")
    rows, left = [], MAX_UNPACKED
    for index, text in enumerate(encoded):
        try:
            row = base64.b64decode(text, validate=True)
            left -= _unpacked_size(row, left)
        except (binascii.Error, zlib.error, ValueError) as error:
            raise InvalidInput.at(f"recording.snapshots[{index}]", f"cannot be unpacked: {error}") from error
        rows.append(row)
    return rows


def _unpacked_size(row: bytes, limit: int) -> int:
    """How large it is unpacked; a small file may hold a very large one. Raises ValueError beyond `limit`."""
    size, stream, rest = 0, zlib.decompressobj(), row
    while rest:
        size += len(stream.decompress(rest, 1 << 20))
        if size > limit:
            raise ValueError(f"it is larger than {MAX_UNPACKED // 1_000_000} MB unpacked")
        rest = stream.unconsumed_tail
    return size


def _plan(document: RunDocument) -> Plan:
    try:
        return plan_from_data(document.plan)
    except InvalidInput as error:
        inside = [Problem(f"plan.{each.field}".rstrip("."), each.message) for each in error.problems]
        raise InvalidInput(inside) from error


def _imported(
    document: RunDocument, plan: Plan, recording: Mapping[str, Any], rows: Sequence[bytes]
) -> tuple[Imported, RunView]:
    """The run, and the view of it that the store will give."""
    load_s = recording.get("load_s")
    if not isinstance(load_s, (int, float)) or isinstance(load_s, bool) or not 0 <= load_s < 1e9:
        raise InvalidInput.at("recording.load_s", "must be a number of seconds")
    record = replace(_record(document, plan, float(load_s)), baseline=_baseline(recording))
    view = view_of(record, rows, datetime.now(UTC))
    figures: dict[str, Any] = {key: value for key, value in final_fields(view).items() if key not in _GIVEN}
    return Imported(replace(record, **figures), rows), view


def _baseline(recording: Mapping[str, Any]) -> Mapping[str, Any] | None:
    given = recording.get("baseline")
    try:
        return None if given is None else Baseline.model_validate(given).model_dump(mode="json")
    except ValidationError as error:
        raise InvalidInput.at("recording.baseline", f"is none: {error.errors()[0]['msg']}") from error


# Of what an ended run's record has, these stand in the document itself.
_GIVEN = frozenset({"status", "status_reason", "started_at", "ended_at", "shards", "load_s"})


def _record(document: RunDocument, plan: Plan, load_s: float) -> RunRecord:
    return RunRecord(
        id=document.id,
        name=document.name,
        status=document.status,
        status_reason=document.status_reason,
        target=target_text(plan),
        load=load_text(plan),
        created_at=document.created_at,
        started_at=document.started_at,
        ended_at=document.ended_at,
        tags=document.tags,
        plan_key=plan_key(plan),
        plan=plan_to_data(plan),
        note=document.note,
        shards=document.shards,
        load_s=load_s,
        result=document.model_dump(mode="json", by_alias=True),
    )


def _check_rows(rows: Sequence[Snapshot], plan: Plan) -> None:
    """Raises InvalidInput for rows that are out of order, or of another plan."""
    end_ns = 0
    for index, row in enumerate(rows):
        if not end_ns <= row.start_ns <= row.end_ns:
            raise InvalidInput.at(f"recording.snapshots[{index}]", "begins before the one before it ends")
        if len(row.endpoints) > len(plan.requests):
            raise InvalidInput.at(f"recording.snapshots[{index}]", "has more requests than the plan")
        end_ns = row.end_ns


def _check_same(told: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Raises InvalidInput where the document has other figures than the rows give. An older file lacks what
    later versions added to documents."""
    for name in ("totals", "response_time_ms", "status_codes", "snapshots"):
        if not _agrees(told.get(name), found[name]):
            raise InvalidInput.at(name, "is not what the recording's rows give; export the run again")


def _agrees(told: Any, found: Any) -> bool:
    if isinstance(told, dict) and isinstance(found, dict):
        return all(key in found and _agrees(value, found[key]) for key, value in told.items())
    if isinstance(told, list) and isinstance(found, list):
        pairs = zip(told, found, strict=False)
        return len(told) == len(found) and all(_agrees(one, other) for one, other in pairs)
    return bool(told == found)
