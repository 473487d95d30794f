"""A plan of misbehaviour that is drawn from a seed: so many of a thousand answers and messages.

What the order stream can do wrong stands here; odd answers have a file of their own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from alphabot.simulator.bulletins import Bulletin
from alphabot.simulator.misbehaviour import Oddity, Visit
from alphabot.simulator.oddities import ODDITIES
from alphabot.simulator.reports import Push

__all__ = ["DrawnMisbehaviour", "Misdeed", "NewsFault", "PushFault"]


class PushFault(StrEnum):
    """What happens to one event of a user's order stream."""

    TWICE = "push twice"
    LOST = "push lost"
    LATE = "push late"
    OVERTAKEN = "push overtaken"
    UNKNOWN_STATUS = "push with an unknown status"
    JUNK = "junk frame"
    BINARY = "binary frame"
    HUGE = "huge frame"
    DEEP = "deep frame"
    BURST = "push a thousand times"
    KEY_EXPIRED = "key expired told"


class NewsFault(StrEnum):
    """What happens to one frame of a market stream."""

    SILENT = "market frame lost"
    ZERO = "market frame with price zero"
    OUTLIER = "market frame ten times"
    EMPTY = "market frame with an empty side"


@dataclass(frozen=True, slots=True)
class Misdeed:
    """One thing the exchange did wrong, and to what."""

    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


_LATE_MS = (1_000, 90_000)
_OVERTAKEN_MS = (30, 400)
_BURST = 1000
_HUGE = "9" * 400_000
_DEEP = "[" * 3000 + "]" * 3000
_PRICES = ("b", "a", "p")


class DrawnMisbehaviour:
    """Does each kind so many times in a thousand; ``permille`` is by the names of the kinds.

    ``misdeeds`` are what was done, oldest first. While ``paused`` the exchange behaves.
    """

    def __init__(self, seed: int, permille: Mapping[str, float]) -> None:
        self.misdeeds: list[Misdeed] = []
        self.paused = False
        self.everywhere: Oddity | None = None
        """What every answer is, whatever was drawn, while something is so wrong."""
        self._random = random.Random(seed)
        self._odd = [(ODDITIES[k], rate) for k, rate in sorted(permille.items()) if k in ODDITIES]
        self._pushes = [(PushFault(k), permille[k]) for k in PushFault if k in permille]
        self._news = [(NewsFault(k), permille[k]) for k in NewsFault if k in permille]

    def at_visit(self, visit: Visit) -> Oddity | None:
        """Return what will be odd about the answer to a request, None if nothing."""
        if self.paused or self.everywhere is not None:
            return None if self.paused else self.everywhere
        for odd, permille in self._odd:
            if odd.befalls(visit) and self._strikes(permille):
                self._did(odd.oddity.name, visit.path.rpartition("/")[2])
                return odd.oddity
        return None

    def pushes(self, push: Push) -> Sequence[Push]:
        """Return what a user's order stream is told instead of this."""
        if self.paused:
            return (push,)
        for fault, permille in self._pushes:
            if self._strikes(permille):
                self._did(fault, f"order {push.data['i']} {push.data['X']}")
                return self._spoilt(fault, push)
        return (push,)

    def bulletin(self, bulletin: Bulletin) -> Bulletin | None:
        """Return what a market stream is told instead of this, None for nothing at all."""
        if self.paused:
            return bulletin
        for fault, permille in self._news:
            if self._strikes(permille):
                self._did(fault, bulletin.stream)
                return _changed(fault, bulletin)
        return bulletin

    def _spoilt(self, fault: PushFault, push: Push) -> Sequence[Push]:
        match fault:
            case PushFault.TWICE:
                return (push, push)
            case PushFault.LOST:
                return ()
            case PushFault.LATE:
                return (self._delayed(push, *_LATE_MS),)
            case PushFault.OVERTAKEN:
                return (self._delayed(push, *_OVERTAKEN_MS),)
            case PushFault.UNKNOWN_STATUS:
                return (replace(push, data=push.data | {"X": "SUSPENDED"}),)
            case PushFault.JUNK:
                return (replace(push, raw='{"stream": \x00'), push)
            case PushFault.BINARY:
                return (replace(push, raw=b"\xff\xfe\x00"), push)
            case PushFault.HUGE:
                return (replace(push, raw=_HUGE), push)
            case PushFault.DEEP:
                return (replace(push, raw=_DEEP), push)
            case PushFault.BURST:
                return (push,) * _BURST
            case PushFault.KEY_EXPIRED:
                told = {"e": "listenKeyExpired", "E": push.due_ms}
                return (push, replace(push, data=told))

    def _delayed(self, push: Push, low_ms: int, high_ms: int) -> Push:
        return replace(push, due_ms=push.due_ms + self._random.randint(low_ms, high_ms))

    def _strikes(self, permille: float) -> bool:
        return self._random.random() * 1000 < permille

    def _did(self, kind: str, what: str) -> None:
        self.misdeeds.append(Misdeed(str(kind), what))


def _changed(fault: NewsFault, bulletin: Bulletin) -> Bulletin | None:
    if fault is NewsFault.SILENT:
        return None
    data = dict(bulletin.data)
    names: tuple[str, ...]
    lie: Callable[[str], str]
    if fault is NewsFault.OUTLIER:
        # Of trades alone: where every source lies alike, no comparison of them can tell.
        names, lie = ("p",), _ten_times
    else:
        names, lie = (_PRICES if fault is NewsFault.ZERO else ("b", "p")), _nothing
        if isinstance(data.get("b"), list):
            data["b"] = []  # of levels
    data |= {name: lie(data[name]) for name in names if isinstance(data.get(name), str)}
    return Bulletin(bulletin.stream, data)


def _nothing(_price: str) -> str:
    return "0"


def _ten_times(price: str) -> str:
    whole, _, places = price.partition(".")
    return f"{whole}{places[:1]}.{places[1:]}0"
