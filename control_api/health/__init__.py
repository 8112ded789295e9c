"""Whether all that is needed works."""
