"""Encoders for the seams: whatever a source does not say is no reason for a crash."""

from __future__ import annotations

from types import SimpleNamespace

import av
import pytest

from leitstand.cut.encoders import ENCODERS, seam_encoder
from leitstand.cut.request import CannotCopy


@pytest.mark.parametrize("codec", sorted(ENCODERS))
def test_a_source_whose_pictures_nobody_knows_is_not_copied(codec: str) -> None:
    unknown = SimpleNamespace(codec_context=av.CodecContext.create(codec, "r"))
    with pytest.raises(CannotCopy, match="pictures in None"):
        seam_encoder(unknown, set_id=1)
