"""The error of everything that reads the configuration."""

from leitstand.errors import ConfigError

__all__ = ["ConfigError"]
