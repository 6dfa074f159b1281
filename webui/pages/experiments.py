"""`/experiments`: start one, watch its heatmap fill in, stop it."""

import hashlib
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from webui.errors import InvalidInput, KatydidError, Problem
from webui.experiments import Definition, Experiment
from webui.experiments.model import (
    MAX_CELL_USERS,
    MAX_LEVELS,
    MAX_VARIANTS,
    labelled_address,
    over_workers,
)
from webui.lab.registry import find
from webui.pages.experiment_context import ExperimentPage, experiment_page
from webui.pages.lab import AtDesk
from webui.pages.lab_context import ExperimentFields
from webui.pages.sharing import experiment_links, marked_own, options_of
from webui.pages.templating import render, respond
from webui.units import parse_count, parse_duration
from webui.web import Experiments, Storage

_WORDS = {  # for what pydantic says of types
    "users": f"Write 1 to {MAX_LEVELS} numbers of users, from 1 to {MAX_CELL_USERS:,}, such as 1, 4, 16",
    "cell_s": "A cell takes from 500 ms to 60 s",
    "warmup_s": "A warm-up takes 30 s at most; 0 s is none",
    "path": "The path begins with / and has at most 2,000 characters",
    "variants": f"Write 1 to {MAX_VARIANTS} addresses, one in each line",
}

router = APIRouter(include_in_schema=False)


@router.post("/experiments")
async def start(desk: AtDesk) -> Response:
    """Starts the experiment that was typed and goes to its page; or shows the form with what is wrong."""
    async with desk.request.form() as form:
        fields = ExperimentFields.read(form)
    try:
        experiment = await desk.experiments.create(definition_of(fields), may_test=fields.may_test)
    except KatydidError as error:
        return await desk.no_experiment(error, fields)
    return RedirectResponse(f"/experiments/{experiment.id}", HTTPStatus.SEE_OTHER)


@router.get("/experiments/{experiment_id}")
async def show(experiment_id: str, experiments: Experiments, request: Request, store: Storage) -> Response:
    """The experiment as it stands, with the links to it. Raises NotFound."""
    experiment = await experiments.view(experiment_id)
    links = await experiment_links(experiment_id, request, store)
    return respond("experiments/page.html", experiment_page(experiment, links), seen=mark_of(experiment))


@router.post("/experiments/{experiment_id}/shares")
async def add_share(
    experiment_id: str, experiments: Experiments, request: Request, store: Storage
) -> Response:
    """Makes a link that shows the experiment to whoever has it. Raises InvalidInput, NotFound."""
    async with request.form() as form:
        options = options_of(form)
    await experiments.view(experiment_id)
    await store.share_experiment(
        experiment_id, expires_at=options.expires_at, hide_target=options.hide_target
    )
    return marked_own(_see_links(experiment_id))


@router.post("/experiments/{experiment_id}/shares/{token}/revoke")
async def revoke_share(experiment_id: str, token: str, store: Storage) -> Response:
    """Makes a link useless. Raises NotFound."""
    await store.revoke_experiment_share(experiment_id, token)
    return _see_links(experiment_id)


def _see_links(experiment_id: str) -> Response:
    return RedirectResponse(f"/experiments/{experiment_id}#share", HTTPStatus.SEE_OTHER)


@router.get("/experiments/{experiment_id}/changes")
async def changes(
    experiment_id: str, experiments: Experiments, seen: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    """What differs from what this browser has seen; 204 when nothing does. Raises NotFound."""
    experiment = await experiments.view(experiment_id)
    return changes_of(experiment_page(experiment), seen)


def changes_of(page: ExperimentPage, seen: str) -> Response:
    """The parts that change, or 204 where they look as `seen`."""
    mark = mark_of(page.experiment)
    if mark == seen:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return respond("experiments/changes.html", page, seen=mark)


@router.post("/experiments/{experiment_id}/stop")
async def stop(experiment_id: str, experiments: Experiments) -> Response:
    """Ends it; what is measured stays. Raises NotFound."""
    await experiments.stop(experiment_id)
    return RedirectResponse(f"/experiments/{experiment_id}", HTTPStatus.SEE_OTHER)


def definition_of(typed: ExperimentFields) -> Definition:
    """The experiment that was typed. Raises InvalidInput, NotFound."""
    data: dict[str, Any] = {
        "users": [_number("users", part) for part in re.split(r"[,;\s]+", typed.users.strip()) if part],
        "cell_s": _seconds("cell_s", typed.cell_s),
        "warmup_s": _seconds("warmup_s", typed.warmup_s),
        "diagnose": typed.diagnose,
    }
    if typed.of == "addresses":
        data |= {
            "path": typed.path.strip() or "/",
            "variants": [labelled_address(line) for line in typed.addresses.splitlines() if line.strip()],
        }
    else:
        workers = tuple(_number("workers", text) for text in typed.workers)
        variants = over_workers(find(typed.target), workers or (1,))
        data |= {"target": typed.target, "variants": [each.model_dump() for each in variants]}
    try:
        return Definition.model_validate(data)
    except ValidationError as error:
        errors = reversed(error.errors(include_url=False))
        first = {each["loc"][:1]: _problem(each) for each in errors}  # what follows of it is no news
        raise InvalidInput(list(first.values())) from None


def _number(field: str, text: str) -> int:
    try:
        return parse_count(text)
    except ValueError as error:
        raise InvalidInput.at(field, str(error)) from None


def _seconds(field: str, text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise InvalidInput.at(field, str(error)) from None


def _problem(found: Mapping[str, Any]) -> Problem:
    place = found["loc"][:1] if found["loc"][:1] == ("users",) else found["loc"]  # one of them, or all
    field = ".".join(str(part) for part in place)
    words = None if found["type"] == "value_error" else _WORDS.get(field)
    return Problem(field, words or str(found["msg"]).removeprefix("Value error, "))


def mark_of(experiment: Experiment) -> str:
    """Tells the experiment's present look apart from its others."""
    text = render("experiments/grid.html", experiment_page(experiment))
    return hashlib.blake2s(f"{experiment.status} {text}".encode(), digest_size=8).hexdigest()
