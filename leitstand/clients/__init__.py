"""One home per outside system."""
