"""Where engines run: Dask worker processes, on this machine. Dask is imported when a fleet starts."""

from webui.fleet.fleet import Fleet
from webui.fleet.launch import Launch

__all__ = ["Fleet", "Launch"]
