"""The live picture of a studio."""
