"""Every kind of fault a rehearsal can meet: its name, its row of safety.md, and where it acts.

A world is drawn *swarm-style*: a few kinds, each at a rate of its own, so that some worlds have
one fault all the time and others ten now and then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from alphabot.rehearsal.mortal_journal import DiskFault
from alphabot.simulator.faults import FaultKind
from alphabot.simulator.misdeeds import NewsFault, PushFault
from alphabot.simulator.oddities import ODDITIES

__all__ = ["KINDS", "FaultSite", "Kind"]


class FaultSite(StrEnum):
    """Where a kind acts, and what its rate means."""

    ANSWER = "answer"
    """Of a thousand answers of the exchange."""
    PUSH = "push"
    """Of a thousand events of order streams."""
    NEWS = "news"
    """Of a thousand frames of market streams."""
    CONNECTION = "connection"
    """Of a hundred connections."""
    REQUEST = "request"
    """Of a thousand requests that place or cancel an order."""
    DISK = "disk"
    """Of a thousand commits."""
    MOMENT = "moment"
    """How often in a world, at moments drawn."""
    WORLD = "world"
    """A property of the whole world; the rate is how strongly."""
    PLUGIN = "plugin"
    """A rule of the configuration that misbehaves for some prices."""
    NOTIFIER = "notifier"
    """A way to reach people that misbehaves until the faults end."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault."""

    name: str
    site: FaultSite
    row: str
    """Of the fault matrix, with the case where a row has several."""
    most: float
    """The highest rate that leaves a world in which anything happens at all."""


_Rows = Mapping[str, tuple[str, float]]
"""By name: the row of the fault matrix, and the highest rate."""

_ANSWER_ROWS: _Rows = {
    "html page, done": ("4, HTML", 60),
    "gateway page, not done": ("3, gateway", 60),
    "gateway page, done": ("3, gateway after the deed", 60),
    "server error, done": ("3, 500", 60),
    "unavailable, not done": ("3, 503", 60),
    "send status unknown, done": ("3, send status unknown", 300),
    "unexpected response, done": ("3, unexpected response", 300),
    "empty body, done": ("4, empty", 60),
    "truncated body, done": ("4, truncated", 60),
    "duplicate keys, done": ("4, duplicate keys", 60),
    "success without ids": ("4, success without ids", 300),
    "unknown code, done": ("15 of 1.3, unknown code", 300),
    "unknown code, not done": ("1.3, unknown code and no effect", 300),
    "refused, not done": ("41, balance too low", 300),
    "429 with Retry-After": ("5, with Retry-After", 20),
    "429 without Retry-After": ("5, without", 20),
    "418 ban": ("6", 20),
    "403 gateway block": ("7", 15),
    "redirect to login": ("9, redirect", 20),
    "401": ("9, 401", 20),
    "challenge beside a success": ("8, header", 20),
    "late answer": ("12", 30),
    "partial page": ("16, partial", 300),
    "shifted pages": ("16, shifted", 300),
    "ticker price zero": ("36, zero", 300),
    "ticker price negative": ("36, negative", 300),
    "ticker price NaN": ("36, NaN", 300),
    "ticker price junk": ("36, junk", 300),
    "ticker ten times": ("36, outlier", 300),
    "book a tenth above": ("36, sources disagree", 300),
    "one side of the book empty": ("36, empty side", 300),
    "symbol halted": ("17, symbol", 400),
    "filters unreadable": ("15 of 1.2, new filter", 400),
    "token offline": ("39, offline", 400),
    "token offsell": ("39, offsell", 400),
    "mulPoint zero": ("37, zero", 400),
    "mulPoint a fraction": ("37, float", 400),
    "mulPoint missing": ("37, missing", 400),
    "mulPoint changed": ("37, changes", 400),
    "fees ten times": ("42", 500),
}
_PUSH_ROWS: _Rows = {
    PushFault.TWICE: ("20", 500),
    PushFault.LOST: ("23", 500),
    PushFault.LATE: ("23, late", 500),
    PushFault.OVERTAKEN: ("22", 500),
    PushFault.UNKNOWN_STATUS: ("35", 80),
    PushFault.JUNK: ("31, junk", 80),
    PushFault.BINARY: ("31, binary", 80),
    PushFault.HUGE: ("31, huge", 30),
    PushFault.DEEP: ("31, deep", 60),
    PushFault.BURST: ("30", 20),
    PushFault.KEY_EXPIRED: ("28, expired", 80),
}
_NEWS_ROWS: _Rows = {
    NewsFault.SILENT: ("36, stale", 900),
    NewsFault.ZERO: ("36, zero on the stream", 300),
    NewsFault.OUTLIER: ("36, outlier on the stream", 300),
    NewsFault.EMPTY: ("36, empty side on the stream", 300),
}
_CONNECTION_ROWS: _Rows = {
    FaultKind.REFUSED: ("11, refused", 30),
    FaultKind.SLOW_START: ("11, slow", 30),
    FaultKind.CUT: ("1, at any byte", 20),
    FaultKind.RESET: ("14", 20),
    FaultKind.ENDED: ("14, half closed", 20),
    FaultKind.HELD: ("12, under way", 20),
    FaultKind.STALLED: ("12, stalled", 20),
}
_REQUEST_ROWS: _Rows = {
    "request never left": ("1", 300),
    "answer lost": ("2", 300),
    "answer held": ("12, our deadline first", 200),
    "request held": ("12, arrives late", 200),
}
_DISK_ROWS: _Rows = {
    DiskFault.FULL: ("55", 40),
    DiskFault.LOCKED: ("56", 40),
    DiskFault.UNSAID: ("57", 40),
}
_MOMENT_ROWS: _Rows = {
    "session expired": ("9, mid-round", 2),
    "risk challenge": ("8", 2),
    "listen keys dead": ("29", 3),
    "streams cut": ("27", 4),
    "stream cut after a fill": ("25", 4),
    "stream silent": ("26", 3),
    "order closed in the app": ("18", 3),
    "foreign order": ("19", 2),
    "money moved away": ("41, frozen", 2),
    "deposit": ("I-21, deposit", 3),
    "clock an hour ahead": ("47, ahead", 2),
    "clock an hour back": ("47, back", 2),
    "loop stalled": ("46, 51", 3),
    "stop once": ("45, once", 2),
    "stop twice": ("45, twice", 2),
    "rounds paused": ("I-13, pause", 3),
    "orders halted": ("I-13, halt", 3),
    "exchange down": ("17, maintenance", 2),
    "token halted": ("17, 39 really", 2),
    "tick coarser": ("38, tick", 2),
    "step coarser": ("38, step", 2),
    "multiplier changed": ("37, really", 2),
    "captive portal": ("11, captive portal", 2),
}
_WORLD_ROWS: _Rows = {
    "lists lag": ("15", 20_000),
    "pushes before replies": ("24", 100),
    "new key at every request": ("28, key changed", 1),
    "keys expire soon": ("28, validity", 1),
    "thin book": ("32", 1),
    "buys never fill": ("32, 33, cancel races fill", 1),
    "sells never fill": ("34", 1),
    "fills share a trade id": ("21", 1),
    "strategy renamed": ("63, between two runs", 1),
}
_PLUGIN_ROWS: _Rows = {
    "rule raises": ("65, raises", 1),
    "rule exits": ("65, SystemExit", 1),
    "rule returns NaN": ("65, NaN", 1),
    "rule returns None": ("65, None", 1),
    "rule returns a coroutine": ("65, coroutine", 1),
    "rule returns text": ("65, wrong type", 1),
    "rule mutates its input": ("65, mutates", 1),
    "rule asks too much": ("65, outside the collar", 1),
    "rule loses too much": ("65, outside the round's loss", 1),
    "multiplier raises": ("65, multiplier", 1),
    "multiplier returns NaN": ("65, multiplier NaN", 1),
}
_NOTIFIER_ROWS: _Rows = {
    "notifier dead": ("67, down", 1),
    "notifier slow": ("67, slow", 1),
    "notifier raises": ("67, 65, raises", 1),
    "notifier exits": ("67, 65, SystemExit", 1),
    "notifier floods": ("67, 429", 1),
    "notifier hangs at open": ("67, hangs", 1),
    "notifier returns garbage": ("67, 65, coroutine", 1),
}


def _all() -> dict[str, Kind]:
    tables: tuple[tuple[FaultSite, _Rows], ...] = (
        (FaultSite.ANSWER, {name: _ANSWER_ROWS[name] for name in ODDITIES}),
        (FaultSite.PUSH, _PUSH_ROWS),
        (FaultSite.NEWS, _NEWS_ROWS),
        (FaultSite.CONNECTION, _CONNECTION_ROWS),
        (FaultSite.REQUEST, _REQUEST_ROWS),
        (FaultSite.DISK, _DISK_ROWS),
        (FaultSite.MOMENT, _MOMENT_ROWS),
        (FaultSite.WORLD, _WORLD_ROWS),
        (FaultSite.PLUGIN, _PLUGIN_ROWS),
        (FaultSite.NOTIFIER, _NOTIFIER_ROWS),
    )
    return {
        str(name): Kind(str(name), site, row, most)
        for site, rows in tables
        for name, (row, most) in rows.items()
    }


KINDS: Mapping[str, Kind] = MappingProxyType(_all())
"""Every kind by its name."""
