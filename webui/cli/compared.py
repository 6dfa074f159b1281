"""The runs that `katydid compare` is given: from the store, or from files."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from webui.analysis.compare import Compared, check_count
from webui.analysis.compare import compare as compared
from webui.analysis.compare_document import Comparison
from webui.analysis.document import RunDocument
from webui.errors import InvalidInput, NotFound
from webui.exports.importing import MAX_BYTES, read_run
from webui.runs.comparing import to_compare
from webui.runs.stored import stored_view, view_of
from webui.store import Store


async def compared_runs(store_url: str, names: Sequence[str]) -> Comparison:
    """The comparison of the runs of these names. Raises InvalidInput, NotFound, StoreUnavailable."""
    if all(_is_file(name) for name in names):
        return compared([_read(Path(name)) for name in names])
    store = await Store.open(store_url)
    try:
        runs = [_read(Path(name)) if _is_file(name) else await _stored(store, name) for name in names]
    finally:
        await store.close()
    check_count([run.document.id for run in runs])
    return compared(runs)


def _is_file(name: str) -> bool:
    return name.endswith(".json") or "/" in name


async def _stored(store: Store, name: str) -> Compared:
    found = await store.ids_beginning(name)
    if not found:
        raise NotFound(f"There is no run {name!r}; katydid serve lists those that there are under /runs.")
    if len(found) > 1 and found[0] != name:
        raise InvalidInput.at(
            "RUN", f"{name!r} begins several ids, such as {', '.join(found[:3])}; type more of it"
        )
    return to_compare(await stored_view(store, found[0], datetime.now(UTC)))


def _read(path: Path) -> Compared:
    """A run of a file: an export with its rows in full, or a result document, which has no histograms."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InvalidInput.at("RUN", f"{str(path)!r} is larger than any result")
        data = path.read_bytes()
        document = json.loads(data)
    except OSError as error:
        raise InvalidInput.at("RUN", f"{str(path)!r} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput.at("RUN", f"{str(path)!r} is not JSON: {error}") from error
    if isinstance(document, dict) and "recording" in document:
        imported = read_run(data)
        return to_compare(view_of(imported.record, imported.rows, datetime.now(UTC)))
    try:
        return Compared(RunDocument.model_validate(document))
    except ValidationError as error:
        raise InvalidInput.at("RUN", f"{str(path)!r} is no result document (katydid.run/1)") from error
