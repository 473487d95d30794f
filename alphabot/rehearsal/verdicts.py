"""What an answer proves to whoever has read it whole; told apart without the client's own code."""

from __future__ import annotations

import json
from enum import Enum, auto
from typing import Any

from alphabot.rehearsal.wiretap import Answer, Errand

__all__ = ["Verdict", "is_acceptance", "is_whole_reading", "verdict_of"]

_REFUSED = {"000002", "481002", "481011", "481013", "481020"}
"""Codes that were reviewed to mean that nothing was done (protocol: errors)."""
_UNWELCOME = {"100002001", "100001003"}


class Verdict(Enum):
    """What is proven."""

    NOTHING = auto()
    DONE = auto()
    REFUSED = auto()
    UNWELCOME = auto()
    """The session is over, or a person must pass a check first."""


def verdict_of(errand: Errand) -> Verdict:
    """Return what the answer to a request proves."""
    answer = errand.answer
    if answer is None:
        return Verdict.NOTHING
    if _is_unwelcome(answer):
        return Verdict.UNWELCOME
    envelope = _envelope(answer)
    if envelope is None or answer.status != 200:
        return Verdict.NOTHING
    code, success = envelope.get("code"), envelope.get("success")
    if code in _UNWELCOME:
        return Verdict.UNWELCOME
    if success is False and code in _REFUSED:
        return Verdict.REFUSED
    if success is not True or code != "000000":
        return Verdict.NOTHING
    if errand.is_placing and not _has_ids(envelope.get("data")):
        return Verdict.NOTHING
    return Verdict.DONE


def is_acceptance(errand: Errand) -> bool:
    """Tell whether an answer proves an order, also one that says no other may follow it."""
    envelope = _envelope(errand.answer) if errand.answer and errand.answer.status == 200 else None
    if envelope is None or envelope.get("success") is not True or envelope.get("code") != "000000":
        return False
    return _has_ids(envelope.get("data"))


def is_whole_reading(errand: Errand) -> bool:
    """Tell whether an answer is a list of orders with all the rows it announces."""
    if not errand.path.endswith(("get-open-order", "get-order-history-merge")):
        return False
    envelope = _envelope(errand.answer) if errand.answer else None
    if envelope is None or not isinstance(envelope.get("data"), list):
        return False
    ids = {row.get("orderId") for row in envelope["data"]}
    announced = envelope.get("total", len(ids))
    return bool(announced == len(ids) == len(envelope["data"]))


def _is_unwelcome(answer: Answer) -> bool:
    if b"\r\nrisk_challenge_" in answer.head or answer.status == 401:
        return True
    return 300 <= answer.status < 400 and b"login" in answer.head


def _has_ids(data: Any) -> bool:
    if isinstance(data, dict):
        return bool(data.get("workingOrderId")) and bool(data.get("pendingOrderId"))
    return bool(data)


def _envelope(answer: Answer) -> dict[str, Any] | None:
    try:
        found = json.loads(answer.body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key stands there twice")
    return dict(pairs)
