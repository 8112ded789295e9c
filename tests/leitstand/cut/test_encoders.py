"""Encoders for the seams: whatever a source does not say is no reason for a crash."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import pytest

from leitstand.cut.encoders import ENCODERS, seam_encoder
from leitstand.cut.request import CannotCopy
from leitstand.media.look import Look


@pytest.mark.parametrize("codec", sorted(ENCODERS))
def test_a_source_whose_pictures_nobody_knows_is_not_copied(codec: str) -> None:
    unknown = SimpleNamespace(codec_context=av.CodecContext.create(codec, "r"))
    with pytest.raises(CannotCopy, match="pictures in None"):
        seam_encoder(unknown, set_id=1)


def test_no_thread_of_an_encoder_is_more_urgent_than_its_process() -> None:
    stream = SimpleNamespace(
        codec_context=av.CodecContext.create("av1", "r"),
        average_rate=Fraction(25),
        time_base=Fraction(1, 1000),
    )
    usual = os.sched_getscheduler(0)
    encoder = seam_encoder(stream, set_id=0, look=Look(160, 96, "yuv420p"))
    threads = [int(one.name) for one in Path("/proc/self/task").iterdir()]
    assert len(threads) > 5
    assert {os.sched_getscheduler(one) for one in threads} == {usual}
    assert encoder.is_open
