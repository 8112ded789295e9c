"""kill -9 at any moment of export, rename, trash, retention, scan and database write.

After each the service starts again, and everything must be as it was answered: no file lost, none
half, no job without its end. What was asked and not answered is either done or not begun.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.doomed import SECONDS, Account, Died, Doomed, Film, doomed
from tests.soak import is_soak

A_DAY = 90_000.0
KILLS = 100 if is_soak() else 4
EVERY = 1 if is_soak() else 23
"""Of the points of a change, each one, or only so many apart."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Doomed]:
    with doomed(tmp_path) as made:
        yield made


def opened(house: Doomed, films: int) -> Account:
    """So many films, found by the first scan; the service runs."""
    account = Account(house, random.Random(20261122))
    for _ in range(films):
        account.add()
    house.begin()
    account.check()
    return account


def some(account: Account, place: str) -> Film | None:
    there = [film for film in account.films if film.id and film.known["place"] == place]
    return account.chance.choice(there) if there else None


def act(account: Account) -> None:
    """Any one thing that people do."""
    chance = account.chance
    film, thrown = some(account, "shelf"), some(account, "trash")
    number = chance.randrange(1_000_000)
    what = chance.choices(range(9), weights=(4, 4, 2, 4, 4, 1, 1, 2, 1))[0]
    if what == 0 and film:
        name = f"Evening {number}"
        account.change(film, "POST", "/rename", {"name": name}, name=f"{name}.mkv")
    elif what == 1 and film:
        account.change(film, "PATCH", "", {"title": f"T{number}"}, title=f"T{number}")
    elif what == 2 and film:
        way = chance.choice(("protect", "unprotect"))
        account.change(film, "POST", f"/{way}", protected=way == "protect")
    elif what == 3 and film:
        account.change(film, "DELETE", "", place="trash")
    elif what == 4 and thrown:
        account.change(thrown, "POST", "/restore", place="shelf")
    elif what == 5 and film:
        start = round(chance.uniform(0, SECONDS - 2), 2)
        mode = chance.choices(("exact", "copy", "reencode"), weights=(4, 1, 1))[0]
        account.order(film, start, start + 1.3, mode)
    elif what == 6:
        account.add()
    elif what == 7:
        account.retention(chance.choice((None, 100_000, 10_000_000)))
    elif what == 8:
        account.house.ask("GET", "/videos/retention")


def live(account: Account, until: float) -> None:
    while time.monotonic() < until and not account.house.is_dead():
        act(account)


def strike(account: Account) -> None:
    """Let people work until something is killed: at a point, by the clock, or all of it."""
    house, chance = account.house, account.chance
    how = chance.choice(("service", "machine", "worker", "point", "point", "worker's point"))
    if how == "point":
        house.arm("service", chance.randrange(1, 120))
    elif how == "worker's point":
        house.arm("worker", chance.randrange(1, 9))
    seconds = chance.uniform(0.1, 1.5)
    if how in ("service", "machine"):
        killer = threading.Timer(seconds, lambda: house.strike(all_at_once=how == "machine"))
    else:
        killer = threading.Timer(0, lambda: None)
    killer.start()
    try:
        if film := some(account, "shelf"):
            account.order(film, 0.5, 2.5, chance.choice(("exact", "reencode")))
        if how == "worker":
            kill_one(house)
        live(account, time.monotonic() + (4 if "point" in how else seconds + 0.5))
    except Died:
        pass
    killer.join()
    house.strike()


def kill_one(house: Doomed) -> None:
    """A worker alone, if there is one; its job is tried once more."""
    until = time.monotonic() + 2
    while not (workers := house.workers()) and time.monotonic() < until:
        time.sleep(0.01)
    for each in workers[-1:]:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            pass


def test_killed_at_random_moments_nothing_is_lost(house: Doomed) -> None:
    account = opened(house, 6)
    for number in range(KILLS):
        strike(account)
        # Every fourth time a day has passed, and the trash is emptied meanwhile.
        if number % 4 == 3:
            a_day_later(account)
        house.begin()
        account.check()


def a_day_later(account: Account) -> None:
    for film in account.films:
        if "trash" in account.could(film, "place"):
            film.maybe.setdefault("place", set()).add("gone")
    account.house.begin(A_DAY)
    time.sleep(account.chance.uniform(0, 1))
    account.house.strike()


def thrown(account: Account, film: Film) -> None:
    if film.known["place"] == "shelf":
        account.change(film, "DELETE", "", place="trash")


def on_the_shelf(account: Account, film: Film) -> None:
    if film.known["place"] == "trash":
        account.change(film, "POST", "/restore", place="shelf")


def rename(account: Account, film: Film) -> None:
    name = f"Evening {account.chance.randrange(1_000_000)}"
    account.change(film, "POST", "/rename", {"name": name}, name=f"{name}.mkv")


def edit(account: Account, film: Film) -> None:
    title = f"T{account.chance.randrange(1_000_000)}"
    account.change(film, "PATCH", "", {"title": title}, title=title)


def clip(account: Account, film: Film) -> None:
    job = account.order(film, 0.52, 2.52, "exact").job
    while not account.house.is_dead():
        if account._ask("GET", f"/jobs/{job}").json()["data"]["state"] == "succeeded":
            return
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("before", "do"),
    [
        (on_the_shelf, rename),
        (on_the_shelf, edit),
        (on_the_shelf, thrown),
        (thrown, on_the_shelf),
        (on_the_shelf, clip),
    ],
    ids=["rename", "edit", "throw", "restore", "clip"],
)
def test_killed_before_and_after_each_step_of_a_change(
    house: Doomed, before: Callable[[Account, Film], None], do: Callable[[Account, Film], None]
) -> None:
    account = opened(house, 1)
    (film,) = account.films
    edit(account, film)
    point = account.chance.randrange(EVERY) + 1
    is_dead = True
    while is_dead:
        before(account, film)
        house.arm("service", point)
        try:
            do(account, film)
        except Died:
            pass
        is_dead = house.is_dead()
        house.strike()
        house.begin()
        account.check()
        point += EVERY
    assert point > EVERY
