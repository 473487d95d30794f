"""Whether a pause that the exchange asks for is kept: while it lasts, no request leaves."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import trio

from alphabot.rehearsal.referee import Referee
from alphabot.rehearsal.wiretap import Answer, Errand

__all__ = ["Pauses"]

_UNDER_WAY_SECONDS = 5.0
"""What leaves so soon after the answer may have waited for its connection when it came."""
_RETRY_AFTER = re.compile(rb"\r\nretry-after: *(\d+)")
_ASKED_SECONDS: Mapping[int, float] = {429: 60.0, 418: 300.0, 403: 300.0}
"""How long a pause lasts that names no time, by status; a gateway's 403 never asks for less."""


class Pauses:
    """The pause that the answers of one life ask for; all it hears goes on to the referee."""

    def __init__(self, referee: Referee) -> None:
        self._referee = referee
        self._since, self._until = -math.inf, -math.inf

    def new_life(self) -> None:
        """Forget: a new process has heard of no pause."""
        self._since, self._until = -math.inf, -math.inf

    def begins(self, errand: Errand) -> None:
        """Judge a request whose first byte is about to leave."""
        now = trio.current_time()
        if self._since + _UNDER_WAY_SECONDS < now < self._until:
            self._referee.object_to(
                "I-17",
                f"user {errand.user_id} asks {errand.path} {now - self._since:.2f} s"
                f" into a pause of {self._until - self._since:.0f} s",
            )
        self._referee.begins(errand)

    def ends(self, errand: Errand) -> None:
        """Take note of an answer that has arrived whole."""
        seconds = _asked_seconds(errand.answer) if errand.answer else 0.0
        now = trio.current_time()
        if now + seconds > self._until and seconds:
            if self._until < now:
                self._since = now
            self._until = now + seconds
        self._referee.ends(errand)


def _asked_seconds(answer: Answer) -> float:
    is_gateway = answer.status == 403 and not answer.body.startswith(b"{")
    if answer.status not in (418, 429) and not is_gateway:
        return 0.0
    default = _ASKED_SECONDS[answer.status]
    found = _RETRY_AFTER.search(answer.head)
    if found is None:
        return default
    return max(float(found[1]), default) if is_gateway else float(found[1])
