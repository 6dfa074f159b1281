"""What every part of a document is. Pure."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A piece of the document. Immutable."""

    model_config = ConfigDict(
        frozen=True, populate_by_name=True, serialize_by_alias=True, allow_inf_nan=False
    )
