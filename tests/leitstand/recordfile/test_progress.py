"""What is said of a recording: only lost data is a dead muxer, and only with patience."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies as st

from leitstand.recordfile.progress import KIB, CountHistory, Counts, Progress, ProgressJudge
from tests.leitstand.recordfile.muxer import Muxer

SLOWEST = 12_500
"""Bytes a second: 100 kbit/s."""
BITRATES = st.floats(SLOWEST, 2_000_000)
STEADY = st.just(1.0)


class Recording:
    """A muxer and its judge, with a monotonic clock that both share."""

    def __init__(self, muxer: Muxer, **options: bool) -> None:
        self.muxer = muxer
        self.judge = ProgressJudge(**options)
        self.now = 1_000.0
        self.seen = [Progress.HEALTHY]

    def look(self) -> Progress:
        self.seen.append(self.judge.look(self.now, self.muxer.counts()))
        return self.seen[-1]

    def run(self, seconds: float, every: float = 1.0) -> None:
        """Let it run, with looks all the time."""
        for _ in range(round(seconds / every)):
            self.pass_by(every)
            self.look()

    def pass_by(self, seconds: float) -> None:
        """Let it run, with nobody looking."""
        self.muxer.run(seconds)
        self.now += seconds


@hypothesis.given(BITRATES, st.sampled_from([0.3, 1.0, 5.0]), st.sampled_from([0.2, 1.0, 2.0, 5.0]))
def test_a_healthy_recording_is_healthy(bitrate: float, cluster: float, every: float) -> None:
    recording = Recording(Muxer(bitrate, cluster))
    recording.run(120, every)
    assert set(recording.seen) == {Progress.HEALTHY}


@hypothesis.given(BITRATES, st.floats(0, 60), st.sampled_from([0.3, 5.0]))
def test_a_dead_muxer_is_noticed_within_15_seconds(
    bitrate: float, age: float, cluster: float
) -> None:
    recording = Recording(Muxer(bitrate, cluster))
    # By then every muxer of this kind has written something.
    recording.run(12 + age)
    assert set(recording.seen) == {Progress.HEALTHY}
    recording.muxer.is_dead = True
    recording.run(15)
    assert recording.seen[-1] is Progress.MUXER_DEAD


@hypothesis.given(BITRATES)
def test_a_muxer_that_dies_at_once_is_noticed_once_a_large_block_is_missing(
    bitrate: float,
) -> None:
    recording = Recording(Muxer(bitrate, is_dead=True))
    recording.run(15 + 256 * KIB / bitrate)
    assert recording.seen[-1] is Progress.MUXER_DEAD


@hypothesis.given(
    st.floats(2 * SLOWEST, 2_000_000),
    st.floats(0, 20),
    st.floats(0.1, 5.0),
    st.sampled_from([0.3, 5.0]),
)
def test_a_muxer_that_is_stopped_for_a_moment_is_healthy(
    bitrate: float, phase: float, stopped: float, cluster: float
) -> None:
    recording = Recording(Muxer(bitrate, cluster))
    recording.run(12)
    recording.pass_by(phase % 1)
    recording.run(int(phase))
    recording.muxer.is_stopped = True
    recording.run(int(stopped))
    recording.pass_by(stopped % 1)
    recording.muxer.is_stopped = False
    recording.run(20)
    assert set(recording.seen) == {Progress.HEALTHY}


@hypothesis.given(BITRATES, st.lists(st.floats(0.02, 1.0), min_size=20, max_size=60))
def test_however_slow_obs_is_its_muxer_is_not_dead(bitrate: float, speeds: list[float]) -> None:
    recording = Recording(Muxer(bitrate))
    for speed in speeds:
        recording.muxer.speed = speed
        recording.run(4)
    assert set(recording.seen) == {Progress.HEALTHY}


@hypothesis.given(BITRATES, st.lists(st.floats(0.1, 120.0), min_size=1, max_size=20))
def test_a_starved_process_concludes_nothing_from_one_look(
    bitrate: float, gaps: list[float]
) -> None:
    recording = Recording(Muxer(bitrate))
    recording.run(12)
    for gap in gaps:
        recording.pass_by(gap)
        recording.look()
    assert set(recording.seen) == {Progress.HEALTHY}


@pytest.mark.parametrize("gap", [30.0, 600.0])
def test_a_machine_that_slept_concludes_nothing_from_one_look(gap: float) -> None:
    recording = Recording(Muxer(100_000))
    recording.run(20)
    recording.now += gap
    assert recording.look() is Progress.HEALTHY
    recording.run(5)
    assert set(recording.seen) == {Progress.HEALTHY}


def test_looks_in_quick_succession_confirm_nothing() -> None:
    recording = Recording(Muxer(100_000))
    recording.run(20)
    recording.muxer.is_dead = True
    recording.pass_by(30)
    for _ in range(20):
        recording.muxer.bytes += 1
        recording.now += 0.01
        assert recording.look() is Progress.HEALTHY
    assert recording.judge.lag > recording.judge.limit
    recording.run(3)
    assert recording.seen[-1] is Progress.MUXER_DEAD


def test_without_any_growth_it_is_slow_after_15_seconds_and_hung_after_60() -> None:
    recording = Recording(Muxer(100_000))
    recording.run(20)
    recording.muxer.is_stopped = True
    recording.run(70)
    stands = [progress for progress in recording.seen if progress is not Progress.HEALTHY]
    assert stands == sorted(stands, key=[Progress.SLOW, Progress.HUNG].index)
    assert stands.count(Progress.SLOW) == 45
    assert recording.judge.still_seconds >= 60
    recording.muxer.is_stopped = False
    recording.run(1)
    assert recording.seen[-1] is Progress.HEALTHY
    assert recording.judge.still_seconds == 0


def test_a_pause_is_no_standstill() -> None:
    judge = ProgressJudge()
    for second in range(600):
        paused = Counts(50_000, 5, 10_000, paused=True)
        assert judge.look(second, paused) is Progress.HEALTHY
        assert judge.still_seconds == 0
    assert judge.look(600, Counts(50_001, 5.1, 10_000)) is Progress.HEALTHY


def test_a_file_that_cannot_be_seen_is_judged_by_obs_alone() -> None:
    judge, now = ProgressJudge(), 0
    for now in range(100):
        assert judge.look(now, Counts(now * 1e6, now, None)) is Progress.HEALTHY
    assert judge.grew_at == 99
    seen = [judge.look(now + later, Counts(99e6, 99, None)) for later in range(1, 70)]
    assert (seen[13], seen[15], seen[-1]) == (Progress.HEALTHY, Progress.SLOW, Progress.HUNG)
    assert judge.grew_at == 99


def test_a_file_that_is_seen_late_has_lost_nothing_before() -> None:
    recording = Recording(Muxer(100_000))
    recording.run(300, every=0.5)
    late = ProgressJudge()
    for second in range(20):
        recording.pass_by(1.0)
        assert late.look(second, recording.muxer.counts()) is Progress.HEALTHY


@pytest.mark.parametrize("group_seconds", [8.3, 10.0, 16.7])
def test_a_file_that_grows_by_groups_of_pictures_is_healthy(group_seconds: float) -> None:
    recording = Recording(Muxer(100_000, group_seconds), in_fragments=True)
    recording.run(200)
    assert set(recording.seen) == {Progress.HEALTHY}
    recording.muxer.is_dead = True
    recording.run(40)
    assert recording.seen[-1] is Progress.MUXER_DEAD


def test_large_blocks_are_learned_from_the_first() -> None:
    # OBS's custom output: 256 KiB at a time, whatever the bitrate.
    judge = ProgressJudge()
    for second in range(400):
        counted = second * 20_000
        written = counted // (256 * KIB) * 256 * KIB
        assert judge.look(second, Counts(counted, second, written)) is Progress.HEALTHY


def test_a_dead_muxer_is_alive_when_the_file_grows_again() -> None:
    recording = Recording(Muxer(100_000))
    recording.run(20)
    recording.muxer.is_dead = True
    recording.run(15)
    recording.muxer.is_dead = False
    recording.run(6)
    assert recording.seen[-1] is Progress.HEALTHY


def test_the_history_knows_what_was_counted_lately() -> None:
    history = CountHistory()
    for second in range(100):
        history.add(second, second * 10)
    assert history.last(6, 99, 990) == 60
    assert history.last(1000, 99, 990) <= 310
    assert CountHistory().last(6, 5, 100) == 0
