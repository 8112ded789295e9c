"""Cuts [start, end) out of a recording, exact to the frame, at the cost of a copy.

`cut` makes the clip and checks it; `verify.verify` checks one. Both know only files.
"""

from leitstand.cut.cut import cut
from leitstand.cut.request import Cancelled, CutError, Mode, Note, Part, Request, Result, Verdict

__all__ = [
    "Cancelled",
    "CutError",
    "Mode",
    "Note",
    "Part",
    "Request",
    "Result",
    "Verdict",
    "cut",
]
