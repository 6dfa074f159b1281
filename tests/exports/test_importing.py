"""The JSON export comes back as it was, or is refused with a sentence."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.exports.samples import run
from webui.errors import Conflict, InvalidInput
from webui.exports import FORMATS, export, importing
from webui.exports.importing import put_run, read_run
from webui.exports.recording import checksum
from webui.plan.identity import plan_key
from webui.runs.stored import stored_view
from webui.store import RunQuery, Store

EXPORTED = export(run(), "json").data
Change = Callable[[dict[str, Any]], None]


def changed(change: Change, *, honest: bool = True) -> bytes:
    """The export with a change; `honest`: with the checksum that fits it."""
    whole = json.loads(EXPORTED)
    change(whole)
    if honest and isinstance(whole.get("recording"), dict):
        whole["recording"]["sha256"] = checksum(whole)
    return json.dumps(whole).encode()


def refused(data: bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        read_run(data)
    return str(caught.value)


@pytest.mark.parametrize("changes", [{}, {"load": {"shape": "sweep", "from": 1, "to": 64}}])
async def test_every_export_of_an_imported_run_is_the_same(tmp_path: Path, changes: dict[str, Any]) -> None:
    view = run(**changes)
    store = await Store.open(f"sqlite:///{tmp_path}/katydid.db")
    await put_run(store, read_run(export(view, "json").data))
    back = await stored_view(store, view.id, datetime.now(UTC))
    page = await store.list_runs(RunQuery())
    with pytest.raises(Conflict, match=f"The run {view.id} is there already"):
        await put_run(store, read_run(export(view, "json").data))
    await store.hide_run(view.id, datetime.now(UTC))
    with pytest.raises(Conflict, match=f"was deleted and can be restored on /runs/{view.id}"):
        await put_run(store, read_run(export(view, "json").data))
    await store.close()
    for name in FORMATS:
        assert export(back, name) == export(view, name), name
    [item] = page.items
    assert (item.sent, item.status, item.owner) == (view.result().totals.sent, "failed", "")
    assert len(item.spark) == 3
    assert item.plan_key == plan_key(back.plan)  # at once among its plan's runs


async def test_a_run_without_figures_comes_back(tmp_path: Path) -> None:
    view = run("error", rows=0)
    store = await Store.open(f"sqlite:///{tmp_path}/katydid.db")
    await put_run(store, read_run(export(view, "json").data))
    back = await stored_view(store, view.id, datetime.now(UTC))
    await store.close()
    assert export(back, "json") == export(view, "json")


def test_a_file_laid_out_anew_is_the_same() -> None:
    whole = json.loads(EXPORTED)
    anew = json.dumps(dict(reversed(whole.items())), indent=1, ensure_ascii=True)
    assert read_run(anew.replace("3.0", "3").encode()) == read_run(EXPORTED)


def test_a_key_of_a_later_version_is_no_harm() -> None:
    assert read_run(changed(lambda whole: whole.update(later={"a": 1}))).record.id == "r_7h3k9m2p4q"


def test_a_change_is_noticed() -> None:
    def better(whole: dict[str, Any]) -> None:
        whole["totals"]["failures"] = 0

    assert "was changed after it was exported" in refused(changed(better, honest=False))
    assert "totals: is not what the recording's rows give" in refused(changed(better))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is not JSON"),
        (b"\xff\xfe", "the file is not JSON"),
        (b"PK\x03\x04", "the file is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "no result of Katydid"),
        (b'{"schema": "katydid.plan/1"}', "no result of Katydid"),
        (b'{"schema": "katydid.run/1"}', "without the recording that an import needs"),
        (b'{"a": NaN}', "no JSON number"),
    ],
)
def test_foreign_files(data: bytes, words: str) -> None:
    assert words in refused(data)


def _set(path: str, value: Any) -> Change:
    def change(whole: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        inside = whole
        for key in parents:
            inside = inside[key]
        inside[last] = value

    return change


BOMB = base64.b64encode(zlib.compress(bytes(600_000_000), 1)).decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_set("id", "../../etc/passwd"), "id: '../../etc/passwd' is no run's id"),
        (_set("status", "running"), "status: the run had not ended"),
        (_set("status", "perfect"), "status: is not as in a result"),
        (_set("totals.sent", "many"), "totals.sent: is not as in a result"),
        (_set("plan.base_url", "ftp://x"), "plan.base_url: "),
        (_set("plan.requests", []), "plan.requests: "),
        (_set("recording.format", "katydid.recording/9"), "upgrade Katydid"),
        (_set("recording.partial", True), "a partial export"),
        (_set("recording.load_s", -1), "recording.load_s: "),
        (_set("recording.baseline", 5), "recording.baseline: "),
        (_set("recording.snapshots", {}), "recording.snapshots: must be a list"),
        (_set("recording.snapshots", ["AAAA"]), "recording.snapshots[0]: cannot be unpacked"),
        (_set("recording.snapshots", ["*"]), "recording.snapshots[0]: cannot be unpacked"),
        (_set("recording.snapshots", [BOMB]), "recording.snapshots[0]: cannot be unpacked: it is larger"),
        (_set("recording.snapshots", [""] * 1201), "a run has 1200 at most"),
        (_set("recording.snapshots", [base64.b64encode(zlib.compress(b"\x93\1\2\3")).decode()]), "no run's"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(change: Change, words: str) -> None:
    assert words in refused(changed(change))


def test_rows_out_of_order_are_refused() -> None:
    assert "begins before" in refused(changed(lambda whole: whole["recording"]["snapshots"].reverse()))


def test_a_partial_export_is_refused() -> None:
    assert "a partial export" in refused(export(run("running"), "json").data)


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MAX_BYTES", 1_000_000)
    assert "larger than 1 MB" in refused(b" " * 1_000_001)


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


@st.composite
def places(draw: st.DrawFn) -> tuple[str | int, ...]:
    """The way to any value of the export."""
    value: Any = json.loads(EXPORTED)
    path: list[str | int] = []
    while isinstance(value, dict | list) and value and (not path or draw(st.integers(0, 3))):
        key = (
            draw(st.sampled_from(sorted(value)))
            if isinstance(value, dict)
            else draw(st.integers(0, len(value) - 1))
        )
        path.append(key)
        value = value[key]
    return tuple(path)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(places(), VALUES)
def test_any_change_is_taken_or_refused_in_words(path: tuple[str | int, ...], value: Any) -> None:
    """Also with the right checksum nothing else is raised."""

    def change(whole: dict[str, Any]) -> None:
        inside: Any = whole
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] = value

    data = changed(change)
    with suppress(InvalidInput):
        assert read_run(data).record.id


@given(st.binary(max_size=200))
def test_any_row_is_taken_or_refused_in_words(data: bytes) -> None:
    row = base64.b64encode(zlib.compress(data)).decode()
    with pytest.raises(InvalidInput):
        read_run(changed(_set("recording.snapshots", [row])))
