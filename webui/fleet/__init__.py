"""Where engines run: Dask worker processes, on this machine. Dask is imported when a fleet starts."""

from webui.engine import ShardSpec, shard_specs
from webui.fleet.fleet import Fleet
from webui.fleet.launch import Launch

__all__ = ["Fleet", "Launch", "ShardSpec", "shard_specs"]
