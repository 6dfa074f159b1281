"""What a command that sends load needs: store, fleet and manager as the dashboard has them."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from webui.cli.configuration import load_settings
from webui.cli.scratch import scratch_folder
from webui.errors import StoreUnavailable
from webui.fleet import Fleet
from webui.runs.manager import RunManager
from webui.security.gate import Gate, Ports, no_ports
from webui.settings import Settings
from webui.store import Store

Places = Mapping[str, str | None] | None  # the settings of the database to keep results in; None: nowhere


@contextmanager
def kept_in(places: Places) -> Iterator[Settings]:
    """The settings; where nothing is to be kept, of a database that is gone afterwards."""
    if places is not None:
        yield load_settings(places)
        return
    with scratch_folder() as folder:
        yield load_settings({"database_url": f"sqlite:///{folder}/katydid.db"})


@asynccontextmanager
async def machinery(
    settings: Settings, practice: Ports = no_ports
) -> AsyncIterator[tuple[Store, RunManager]]:
    """Both at work; ended in order afterwards. `practice`: the ports of practice targets, which may be tested
    always. Raises InvalidInput, StoreUnavailable, GeneratorFailed."""
    gate = Gate.of(settings, practice)
    async with AsyncExitStack() as stack:
        store = await _open_store(settings)
        stack.push_async_callback(store.close)
        fleet = await Fleet.start()
        stack.push_async_callback(fleet.close)
        # It shows one run, and hears what dashboards ask of it.
        manager = RunManager(
            store, fleet, settings, gate=gate, follow=False, silent_s=settings.owner_silent_s
        )
        await manager.start()
        stack.push_async_callback(manager.close)
        yield store, manager


async def _open_store(settings: Settings) -> Store:
    try:
        return await Store.open(settings.store_url)
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error} To run without keeping the result, add --no-save.") from error
