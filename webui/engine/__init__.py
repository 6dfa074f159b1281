"""One process's load generator: the hot path."""

from webui.engine.control import Control
from webui.engine.messages import ShardSpec, shard_specs
from webui.engine.runner import run_shard

__all__ = ["Control", "ShardSpec", "run_shard", "shard_specs"]
