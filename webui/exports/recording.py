"""The JSON export: the result document, and what it takes to bring the run back exactly as it was.

Its key `recording` holds the rows with their histograms, each as `metrics.codec` encodes it, in base64, and a
checksum over the whole file. Pure.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from webui.exports.escaping import for_terminals
from webui.exports.source import Source
from webui.metrics import codec

FORMAT: Final = "katydid.recording/1"


def recording_json(source: Source) -> bytes:
    """The file. Of a run that goes on `recording.partial` is true, and it cannot be imported."""
    document = source.document.model_dump(mode="json", by_alias=True)
    recording: dict[str, Any] = {
        "format": FORMAT,
        "partial": source.partial,
        "load_s": source.load_s,
        "baseline": None if source.baseline is None else source.baseline.model_dump(mode="json"),
        "snapshots": [base64.b64encode(codec.encode(row)).decode() for row in source.snapshots],
    }
    whole = {**document, "recording": recording}
    recording["sha256"] = checksum(whole)
    return f"{for_terminals(json.dumps(whole, ensure_ascii=False, indent=2))}\n".encode()


def checksum(document: Mapping[str, Any]) -> str:
    """Of everything but the checksum itself. Layout, the order of keys, and `1.0` written as `1` make no
    difference."""
    recording = {key: value for key, value in document["recording"].items() if key != "sha256"}
    plain = _whole_numbers({**document, "recording": recording})
    text = json.dumps(plain, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _whole_numbers(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    return value
