"""The one error of the configuration."""

from __future__ import annotations


class ConfigError(Exception):
    """What is wrong with the configuration: one line, naming where, which key, and the way out."""
