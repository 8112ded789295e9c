"""Clips: parts of an evening, cut to the frame."""
