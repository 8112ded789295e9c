"""Random evenings with overlapping faults: nothing wanted is lost, and the reports are true."""

from __future__ import annotations

import hypothesis
from hypothesis import Phase

from tests.control_api.recorder.chaos_evening import Drawn, evenings
from tests.control_api.recorder.chaos_play import Play
from tests.control_api.recorder.chaos_verdict import Verdict
from tests.soak import is_soak


# Without shrinking: of an evening that fails, minutes of it make little that is simpler.
@hypothesis.settings(max_examples=400 if is_soak() else 20, phases=[Phase.generate])
@hypothesis.given(evenings())
def test_an_evening_is_recorded_and_reported_whatever_breaks(drawn: Drawn) -> None:
    evidence = Play(drawn).run()
    try:
        Verdict(evidence).judge()
    except AssertionError as error:
        error.add_note(str(drawn))
        raise
