"""Plan files: TOML or JSON on disk, with bodies in files beside them, as plain values."""

import base64
import json
import tomllib
from pathlib import Path
from typing import Any

from webui.errors import InvalidInput
from webui.plan.documents import MAX_DOCUMENT_BYTES
from webui.plan.request import MAX_BODY_BYTES

_SUFFIXES = (".toml", ".json")


def is_plan_file(target: str) -> bool:
    """Whether `katydid run`'s argument names a plan file rather than an address."""
    return "://" not in target and (target.lower().endswith(_SUFFIXES) or Path(target).is_file())


def read_plan_file(path: Path) -> dict[str, Any]:
    """The file's document with its file bodies loaded, unchecked otherwise. Raises InvalidInput."""
    if path.suffix.lower() not in _SUFFIXES:
        raise InvalidInput.at(str(path), "a plan file's name must end in .toml or .json")
    data = _parse(path, _read(path, MAX_DOCUMENT_BYTES, str(path)))
    if not isinstance(data, dict):
        raise InvalidInput.at(str(path), "a plan must be an object with base_url, requests and load")
    _load_bodies(path, data)
    return data


def read_body_file(path: Path, field: str) -> bytes:
    """A body's content. Raises InvalidInput for `field` when it is not to be had or too large."""
    return _read(path, MAX_BODY_BYTES, field)


def _parse(path: Path, content: bytes) -> Any:
    try:
        text = content.decode()
        return tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except UnicodeDecodeError as error:
        raise InvalidInput.at(str(path), "the plan must be UTF-8 text") from error
    except (tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        kind = path.suffix[1:].upper()
        raise InvalidInput.at(str(path), f"the plan is not valid {kind}: {error}") from error
    except RecursionError as error:
        raise InvalidInput.at(str(path), "the plan is nested too deeply") from error


def _load_bodies(path: Path, data: dict[str, Any]) -> None:
    requests = data.get("requests")
    for index, request in enumerate(requests if isinstance(requests, list) else []):
        body = request.get("body") if isinstance(request, dict) else None
        if isinstance(body, dict) and body.get("type") == "file" and "path" in body:
            field = f"{path}: requests[{index}].body.path"
            request["body"] = _file_body(path, body, field)


def _file_body(plan: Path, body: dict[str, Any], field: str) -> dict[str, Any]:
    if not isinstance(body["path"], str):
        raise InvalidInput.at(field, "must be the path of a file, relative to the plan")
    rest = {key: value for key, value in body.items() if key != "path"}
    content = read_body_file(plan.parent / body["path"], field)
    encoded = base64.b64encode(content).decode()
    return {"filename": Path(body["path"]).name, **rest, "content_base64": encoded}


def _read(path: Path, limit: int, field: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InvalidInput.at(field, f"the file {str(path)!r} cannot be read: {reason}") from error
    if len(content) > limit:
        raise InvalidInput.at(field, f"the file {str(path)!r} is larger than {limit // 1_000_000} MB")
    return content
