"""Katydid: load testing you open in a browser."""

__version__ = "0.1.0"
