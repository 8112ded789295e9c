"""The `leitstand` command, and what exporter and control API share."""

__version__ = "0.1.0"
