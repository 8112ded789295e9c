"""`leitstand doctor`: what works, and what to do about what does not."""

from leitstand.doctor.examine import examine, report
from leitstand.doctor.finding import Finding

__all__ = ["Finding", "examine", "report"]
