"""The application as the API's tests have it: a real store and manager, a fleet that sends no load."""

from tests.api.conftest import service

__all__ = ["service"]
