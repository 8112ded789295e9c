"""The timeline of a studio: every recorded second once."""
