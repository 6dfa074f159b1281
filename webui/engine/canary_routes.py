"""Which cheap routes a plan's canary may use, as requests of their own. Pure."""

from uuid import uuid4

from webui.engine.template import Template, prepare
from webui.plan.load import Sweep
from webui.plan.model import NO_CANARY, Plan
from webui.plan.request import Request
from webui.plan.target import Target, parse_url

KNOWN = ("/healthz", "/ping", "/openapi.json", "/favicon.ico")


def has_canary(plan: Plan) -> bool:
    """Whether there is one: by the plan's word, or because a sweep looks for one."""
    return plan.canary != NO_CANARY and (plan.canary is not None or isinstance(plan.load, Sweep))


def canary_requests(plan: Plan) -> tuple[list[Template], list[Target]]:
    """The routes to ask, and the origins that they are on.

    The plan's own canary, with the plan's credentials; else, without any, the well-known routes of the
    first request's server that the load doesn't use, and one that does not exist. Any full answer is a
    success. No cookie is kept, and no redirect followed; where one leads can be seen.
    """
    addresses = [plan.canary] if plan.canary is not None else _candidates(plan)
    auth = plan.http.auth if plan.canary is not None else None
    http = plan.http.model_copy(update={"cookies": False, "follow_redirects": False, "auth": auth})
    requests = tuple(Request(path=address, success_statuses=("100-599",)) for address in addresses)
    return prepare(plan.model_copy(update={"requests": requests, "http": http}), fields=True)


def _candidates(plan: Plan) -> list[str]:
    origin = plan.target_of(plan.requests[0]).origin
    loaded = {_route(plan.target_of(request)) for request in plan.requests}
    paths = [*KNOWN, f"/katydid-{uuid4().hex[:12]}"]
    return [origin + path for path in paths if _route(parse_url(origin + path)) not in loaded]


def _route(target: Target) -> str:
    return target.origin + target.path.partition("?")[0]
