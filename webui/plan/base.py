"""The base of all plan documents: frozen, and unknown keys are refused."""

from pydantic import BaseModel, ConfigDict


class Document(BaseModel):
    """A piece of a plan. Immutable; equal when all parts are equal."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="null")
