"""Parts of what is put together from two files: also across the seam, also of neither."""

from __future__ import annotations

import io

import pytest

from control_api.play.joined import Joined
from tests.control_api.play.conftest import Room


def ranges(seam: int, size: int) -> list[str]:
    places = [0, 1, seam - 1, seam, seam + 1, size - 1, size, size + 5]
    pairs = [f"{first}-{last}" for first in places for last in places if last >= first]
    return [*pairs, *(f"{first}-" for first in places), "-1", "-5", f"-{size}", f"-{size + 9}"]


def test_every_range_is_cut_out_of_the_same_file(room: Room) -> None:
    id = room.put("a.mkv")
    client, url = room.client(), f"/api/videos/{id}/play"
    whole = client.get(url)
    seam = len(whole.content) - room.file(id).stat().st_size
    assert 0 < seam < len(whole.content)
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["content-disposition"].startswith("inline; ")
    for wanted in ranges(seam, len(whole.content)):
        first, _, last = wanted.partition("-")
        cut = (
            slice(int(first), int(last) + 1 if last else None) if first else slice(-int(last), None)
        )
        expected = whole.content[cut] if first or int(last) < len(whole.content) else whole.content
        answer = client.get(url, headers={"Range": f"bytes={wanted}"})
        assert answer.status_code == (206 if expected else 416), wanted
        if expected:
            assert answer.content == expected, wanted
            assert answer.headers["content-length"] == str(len(expected))


def test_whoever_has_it_already_gets_nothing(room: Room) -> None:
    id = room.put("a.mkv")
    client, url = room.client(), f"/api/videos/{id}/play"
    head = client.head(url)
    tag = head.headers["etag"]
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > room.file(id).stat().st_size
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 304
    same = {"Range": "bytes=0-9", "If-Range": tag}
    assert client.get(url, headers=same).status_code == 206
    other = {"Range": "bytes=0-9", "If-Range": '"another"'}
    assert client.get(url, headers=other).status_code == 200
    download = client.get(f"/api/videos/{id}/download", headers={"If-None-Match": tag})
    assert download.status_code == 200, "other bytes, another tag"


@pytest.mark.parametrize("size", [0, 1, 7, 100])
def test_the_seam_byte_by_byte(size: int) -> None:
    head, tail = io.BytesIO(b"skipped" + b"h" * 7), io.BytesIO(b"t" * size)
    joined = Joined(head, 7, 7, tail)
    for at in range(7 + size + 1):
        joined.seek(at)
        got = b""
        while piece := joined.read(3):
            got += piece
        assert got == (b"h" * 7 + b"t" * size)[at:]
    joined.close()
    assert head.closed
    assert tail.closed
