"""The control API's own metrics."""
