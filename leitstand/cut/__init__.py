"""Cuts [start, end) out of a recording, exact to the frame, at the cost of a copy.

`cut` makes the clip and checks it, `verify` checks one; both know only files.
"""

from leitstand.cut.cut import cut
from leitstand.cut.request import Cancelled, CutError, Mode, Part, Request, Result, Verdict
from leitstand.cut.verify import verify
from leitstand.cut.verify_parts import verify_parts

__all__ = [
    "Cancelled",
    "CutError",
    "Mode",
    "Part",
    "Request",
    "Result",
    "Verdict",
    "cut",
    "verify",
    "verify_parts",
]
