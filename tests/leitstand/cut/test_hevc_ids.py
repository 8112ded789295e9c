"""Parameter sets of HEVC with other ids, read by a decoder."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from leitstand.cut import hevc_ids
from leitstand.cut.bitstream import Nals, joined
from leitstand.cut.request import CannotCopy
from tests.leitstand.cut.media import number_of, picture


def _encoded(parameters: str) -> tuple[bytes, list[bytes]]:
    encoder = av.CodecContext.create("libx265", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 160, 96, "yuv420p"  # type: ignore[attr-defined]
    encoder.time_base = Fraction(1, 25)
    encoder.flags |= av.codec.context.Flags.global_header
    encoder.options = {"preset": "ultrafast", "x265-params": f"log-level=none:{parameters}"}
    packets = []
    for number in range(20):
        frame = av.VideoFrame.from_ndarray(picture(number, (160, 96)), format="gray")
        frame = frame.reformat(format="yuv420p")
        frame.pts = number
        packets += encoder.encode(frame)  # type: ignore[attr-defined]
    packets += encoder.encode(None)  # type: ignore[attr-defined]
    return encoder.extradata or b"", [bytes(one) for one in packets]


def _numbers(extradata: bytes, packets: list[bytes]) -> list[int]:
    decoder = av.CodecContext.create("hevc", "r")
    decoder.extradata = extradata
    frames = []
    for data in packets:
        frames += decoder.decode(av.Packet(data))  # type: ignore[attr-defined]
    frames += decoder.decode(None)  # type: ignore[attr-defined]
    return [number_of(one.reformat(format="gray").to_ndarray()) for one in frames]


@pytest.mark.parametrize(
    "parameters", ["annexb=1", "annexb=1:bframes=4:slices=2", "annexb=1:wpp=0:temporal-layers=3"]
)
def test_a_stream_with_other_ids_decodes_alike(parameters: str) -> None:
    extradata, packets = _encoded(parameters)
    nals = Nals.of("hevc", extradata)
    (ids,) = hevc_ids.free(nals.sets, 1)
    sets = [hevc_ids.renamed(nal, ids) for nal in nals.sets]
    assert {hevc_ids.id_of(nal) for nal in sets} == {ids.video, ids.sequence, ids.picture}
    assert not {0} & {hevc_ids.id_of(nal) for nal in sets}
    renamed = [
        joined([hevc_ids.renamed(nal, ids) for nal in nals.split(data) if not nals.is_set(nal)])
        for data in packets
    ]
    assert _numbers(joined(sets), renamed) == list(range(20))
    assert hevc_ids.free([*nals.sets, *sets], 1) != [ids]


def test_too_few_ids_are_said() -> None:
    extradata, _ = _encoded("annexb=1")
    sets = Nals.of("hevc", extradata).sets
    assert len(hevc_ids.free(sets, 15)) == 15
    with pytest.raises(CannotCopy, match="no id"):
        hevc_ids.free(sets, 16)


def test_what_has_other_ids_is_not_renamed() -> None:
    extradata, _ = _encoded("annexb=1")
    sets = Nals.of("hevc", extradata).sets
    ids = hevc_ids.free(sets, 2)
    again = [hevc_ids.renamed(nal, ids[0]) for nal in sets]
    with pytest.raises(CannotCopy, match="unknown way"):
        [hevc_ids.renamed(nal, ids[1]) for nal in again]


def test_other_units_stay_as_they_are() -> None:
    message = bytes([39 << 1, 1, 137, 24]) + bytes(np.arange(24, dtype=np.uint8))
    assert hevc_ids.renamed(message, hevc_ids.Ids(1, 1, 15)) == message
