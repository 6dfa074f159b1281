"""What every router needs from the running application. Set by `app.lifespan`, read here."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from webui.experiments import ExperimentManager
from webui.experiments.discreet import discreet as discreet_experiments
from webui.lab.manager import LabManager
from webui.observability import Watch
from webui.runs.discreet import discreet, discreet_store
from webui.runs.manager import RunManager
from webui.security.access import is_viewer
from webui.security.entrance import Entrance
from webui.settings import Settings
from webui.store import Store


def get_manager(connection: HTTPConnection) -> RunManager:
    """The run manager of this application; for viewers one that shows no secrets."""
    manager: RunManager = connection.app.state.manager
    return discreet(manager) if is_viewer(connection) else manager


def get_store(connection: HTTPConnection) -> Store:
    """The store of this application; for viewers one that shows no secrets."""
    state = connection.app.state
    store: Store = state.store
    if not is_viewer(connection):
        return store
    if getattr(state, "discreet_store", None) is None:
        state.discreet_store = discreet_store(store)
    shown: Store = state.discreet_store
    return shown


def get_lab(connection: HTTPConnection) -> LabManager:
    """The practice targets of this application."""
    lab: LabManager = connection.app.state.lab
    return lab


def get_experiments(connection: HTTPConnection) -> ExperimentManager:
    """The experiments of this application; for viewers without secrets."""
    experiments: ExperimentManager = connection.app.state.experiments
    return discreet_experiments(experiments) if is_viewer(connection) else experiments


def get_watch(connection: HTTPConnection) -> Watch:
    """What watches the runs of this application for metrics."""
    watch: Watch = connection.app.state.watch
    return watch


def get_settings(connection: HTTPConnection) -> Settings:
    """The settings of this application."""
    settings: Settings = connection.app.state.settings
    return settings


def get_entrance(connection: HTTPConnection) -> Entrance:
    """What decides who gets into this application."""
    entrance: Entrance = connection.app.state.entrance
    return entrance


Manager = Annotated[RunManager, Depends(get_manager)]
Storage = Annotated[Store, Depends(get_store)]
Lab = Annotated[LabManager, Depends(get_lab)]
Experiments = Annotated[ExperimentManager, Depends(get_experiments)]
Watching = Annotated[Watch, Depends(get_watch)]
Config = Annotated[Settings, Depends(get_settings)]
Door = Annotated[Entrance, Depends(get_entrance)]
