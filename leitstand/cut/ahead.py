"""Work that goes on beside other work."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import Any

_END = object()
_BATCH = 64


def ahead(items: Iterator[Any], most: int) -> Generator[Any]:
    """The same items; a thread of its own has up to `most` of them before they are asked for.

    What it raises comes in its turn. Whoever stops asking closes the iterator.
    """
    with ThreadPoolExecutor(1) as beside:
        waiting = deque(beside.submit(next, items, _END) for _ in range(most))
        try:
            while (item := waiting.popleft().result()) is not _END:
                waiting.append(beside.submit(next, items, _END))
                yield item
        finally:
            beside.shutdown(cancel_futures=True)


def in_batches_ahead(items: Iterator[Any], most: int) -> Generator[Any]:
    """The same for many small ones, of which each is not worth a turn of the other thread.

    What it raises may come in place of those just before it.
    """
    batches = iter(lambda: list(islice(items, _BATCH)), [])
    with closing(ahead(batches, most // _BATCH)) as made:
        for batch in made:
            yield from batch
