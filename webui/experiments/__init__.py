"""Experiments: one load over a grid of variants (workers, addresses) and levels of users, cell by cell."""

from webui.experiments.model import Cell, Definition, Experiment, Progress, Variant, VariantState
from webui.experiments.service import ExperimentManager
from webui.experiments.starting import StartCommand

__all__ = [
    "Cell",
    "Definition",
    "Experiment",
    "ExperimentManager",
    "Progress",
    "StartCommand",
    "Variant",
    "VariantState",
]
