"""Which plans are the same: runs of the same plan are compared with one another. Pure."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from webui.errors import InvalidInput
from webui.plan.documents import plan_from_data
from webui.plan.model import Plan

# What is said about a run and how it is judged: not what is sent.
_BESIDE = ("schema_", "name", "tags", "note", "secrets", "thresholds", "abort_on_fail_after_s")


def plan_key(plan: Plan) -> str:
    """The same 64 hexadecimal digits for plans that send the same load to the same place.

    Name, tags, note and thresholds do not matter, so that a rule can be added to a plan that has a baseline;
    neither do the values of logins, keys and headers that carry secrets, which change from day to day.
    Values that are the default are left out: a key that a later version adds changes nothing.
    """
    data = plan.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=set(_BESIDE))
    data["load"] = {"shape": plan.load.shape, **data["load"]}
    for request in data["requests"]:
        headers = request.get("headers", {})
        request["headers"] = {name: None if plan.is_secret(name) else headers[name] for name in headers}
    http = data.get("http", {})
    for name in ("auth", "client_key_pem", "client_cert_pem"):
        if name in http:
            http[name] = True
    return _digest(data)


def key_of_data(data: Mapping[str, Any]) -> str:
    """The key of a stored plan; one that this version cannot read is the same only as itself."""
    try:
        return plan_key(plan_from_data(data))
    except InvalidInput:
        return _digest(data)


def _digest(data: Any) -> str:
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
