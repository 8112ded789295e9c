"""Whether this run is the whole of the long proofs (`make soak`) or the sample of `make test`."""

from __future__ import annotations

import hypothesis

IS_SOAK = hypothesis.settings().max_examples > 1_000
