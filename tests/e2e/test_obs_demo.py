"""The demo OBS and the real one, driven by the same script, give the same families."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from exporter import collectors
from exporter.sources.obs.source import ObsSource
from exporter.sources.obs.state import StudioState
from leitstand.clients.obs import Address, ObsLink, RequestFailed
from leitstand.demo.obs import DemoObs, Splits
from tests.obs import PROMPT, RealObs
from tests.running import eventually

Families = set[tuple[str, tuple[str, ...]]]
Until = Callable[[StudioState], bool]

SCRIPT: tuple[tuple[str, str | None, Until], ...] = (
    ("idle", None, lambda s: s.picture is not None and bool(s.inputs) and s.fps > 0),
    ("recording", "StartRecord", lambda s: s.record.active and bool(s.record.file_bytes)),
    ("paused", "PauseRecord", lambda s: s.record.paused),
    ("resumed", "ResumeRecord", lambda s: not s.record.paused),
    ("stopped", "StopRecord", lambda s: not s.record.active),
)


def play(source: ObsSource) -> Iterator[tuple[str, Families, tuple[bool, ...]]]:
    """After each step: which families there are, and what the record says of itself."""
    for name, request, is_there in SCRIPT:
        if request:
            source.link.request(request)

        def there(is_there: Until = is_there) -> StudioState | None:
            state = source.poll()
            # Polled this fast, some polls fall between two messages about levels.
            metered = any(one.peak is not None for one in state.inputs)
            return state if metered and is_there(state) else None

        state = eventually(there)
        assert state is not None
        shown = {(f.name, f.labels) for f, samples in collectors.collect("obs", state) if samples}
        record = state.record
        yield name, shown, (record.active, record.paused, record.file_bytes is not None)


def watched(port: int, recordings: Path) -> list[tuple[str, Families, tuple[bool, ...]]]:
    link = ObsLink(Address("127.0.0.1", port, lambda: None))
    try:
        return list(play(ObsSource("stage", link, recordings)))
    finally:
        link.close()


def test_the_same_script_gives_the_same_families(
    real_obs: Callable[..., RealObs], tmp_path: Path
) -> None:
    recordings = tmp_path / "demo"
    recordings.mkdir()
    with DemoObs(recordings, cluster_seconds=0.5) as demo, ThreadPoolExecutor() as pool:
        made_up = pool.submit(watched, demo.port, recordings)
        obs = real_obs(quality="Small", muxer=PROMPT)
        real = watched(obs.port, obs.recordings)
        assert made_up.result() == real
    assert len(real[1][1]) > 25


def split_story(port: int, recordings: Path) -> list[object]:
    """What is seen of a recording that is split by hand."""
    link = ObsLink(Address("127.0.0.1", port, lambda: None))
    story: list[object] = []

    def tell(name: str, data: dict[str, str] | None = None) -> dict[str, object]:
        try:
            return link.request(name, data)
        except RequestFailed as error:
            return {"code": error.code}

    def file_of(name: str) -> object:
        settings = link.request("GetOutputSettings", {"outputName": name})["outputSettings"]
        return settings["path"]

    try:
        # What happens before it listens is not heard.
        eventually(lambda: link.events(1.0).is_incomplete)
        link.request("StartRecord")
        eventually(lambda: link.request("GetRecordStatus")["outputBytes"])
        (output,) = (o for o in link.request("GetOutputList")["outputs"] if o["outputActive"])
        first = file_of(output["outputName"])
        story += [output["outputKind"], tell("SplitRecordFile"), len(list(recordings.iterdir()))]
        story.append(tell("TriggerHotkeyByName", {"hotkeyName": "OBSBasic.SplitFile"}))
        counted = link.request("GetRecordStatus")
        eventually(lambda: len(list(recordings.iterdir())) == 2)
        eventually(
            lambda: all(
                link.request("GetRecordStatus")[name] > counted[name]
                for name in ("outputBytes", "outputDuration")
            )
        )
        story += [file_of(output["outputName"]) == first, tell("StopRecord")["outputPath"] == first]
        eventually(lambda: not link.request("GetRecordStatus")["outputActive"])
        heard: list[tuple[object, ...]] = []

        def ended() -> bool:
            heard.extend(
                (event.name, event.data.get("outputState"), event.data.get("outputPath") == first)
                for event in link.events(1.0).events
                if event.name.startswith("Record")
            )
            return any("OBS_WEBSOCKET_OUTPUT_STOPPED" in event for event in heard)

        eventually(ended)
        return [*story, *heard, tell("StopRecord")]
    finally:
        link.close()


def test_a_split_looks_the_same(real_obs: Callable[..., RealObs], tmp_path: Path) -> None:
    recordings = tmp_path / "demo"
    recordings.mkdir()
    obs = real_obs(advanced={"RecSplitFile": True, "RecSplitFileType": "Manual"})
    with DemoObs(recordings, splits=Splits()) as demo:
        made_up = split_story(demo.port, recordings)
    assert made_up == split_story(obs.port, obs.recordings)


def test_a_recording_that_is_stopped_at_once_leaves_its_file(
    real_obs: Callable[..., RealObs], tmp_path: Path
) -> None:
    recordings = tmp_path / "demo"
    recordings.mkdir()
    with DemoObs(recordings) as demo:
        for port in (real_obs().port, demo.port):
            link = ObsLink(Address("127.0.0.1", port, lambda: None))
            try:
                assert stopped_at_once(link).exists()
            finally:
                link.close()


def stopped_at_once(link: ObsLink) -> Path:
    def is_active() -> bool:
        return bool(link.request("GetRecordStatus")["outputActive"])

    link.request("StartRecord")
    eventually(is_active)
    path = Path(link.request("StopRecord")["outputPath"])
    eventually(lambda: not is_active())
    return path
