"""Whether this run is the whole of the long proofs (`make soak`) or the sample of `make test`."""

from __future__ import annotations

import hypothesis


def is_soak() -> bool:
    """Asked when it is needed: conftest files are imported before the profile is chosen."""
    return hypothesis.settings().max_examples > 1_000
