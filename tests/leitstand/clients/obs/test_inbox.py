"""What is kept of the events until somebody looks."""

from __future__ import annotations

import threading
import time

from leitstand.clients.obs.inbox import Event, Inbox, Level, News


def named(*names: str) -> tuple[Event, ...]:
    return tuple(Event(name, {}) for name in names)


def test_what_was_taken_is_not_there_again() -> None:
    inbox = Inbox(room=10)
    inbox.mark_incomplete()
    inbox.put(Event("SceneCreated", {"sceneName": "Pause"}))
    inbox.put_levels({"Microphone": Level(0.1, 0.2, 0.3)})

    news = inbox.take(0)

    assert news == News(
        (Event("SceneCreated", {"sceneName": "Pause"}),), {"Microphone": Level(0.1, 0.2, 0.3)}, True
    )
    assert inbox.take(0) == News()


def test_the_newest_are_kept_and_what_was_lost_is_told() -> None:
    inbox = Inbox(room=2)
    for event in named("A", "B"):
        inbox.put(event)
    assert not inbox.take(0).is_incomplete

    for event in named("A", "B", "C"):
        inbox.put(event)

    assert inbox.take(0) == News(named("B", "C"), is_incomplete=True)


def test_levels_push_nothing_out_and_their_peaks_stay() -> None:
    inbox = Inbox(room=1)
    inbox.put(Event("SceneCreated", {}))
    for peak in (0.1, 0.9, 0.2):
        inbox.put_levels({"Microphone": Level(peak / 2, peak, peak), "Camera": Level(0, 0, peak)})

    news = inbox.take(0)

    assert news.events == named("SceneCreated")
    assert news.levels == {"Microphone": Level(0.45, 0.9, 0.9), "Camera": Level(0, 0, 0.9)}


def test_the_names_of_inputs_are_bounded() -> None:
    inbox = Inbox(room=1)
    for number in range(3_000):
        inbox.put_levels({f"input {number}": Level(0, 0, 0)})

    assert len(inbox.take(0).levels) == 1_000


def test_an_event_ends_the_wait() -> None:
    inbox = Inbox(room=1)
    inbox.put_levels({"Microphone": Level(0, 0, 0)})
    threading.Timer(0.05, inbox.put, [Event("SceneCreated", {})]).start()
    began = time.monotonic()

    news = inbox.take(10)

    assert news.events == named("SceneCreated")
    assert time.monotonic() - began < 5


def test_a_closed_inbox_lets_nobody_wait() -> None:
    inbox = Inbox(room=1)
    inbox.close()
    began = time.monotonic()

    assert inbox.take(10) == News()
    assert time.monotonic() - began < 5
