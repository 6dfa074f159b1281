"""Katydid beside its peers, and against its own limits. Not part of the tests: `make bench`."""
