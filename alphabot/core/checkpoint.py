"""The fold of one user in a form that can be stored, exact to the last digit.

It is taken only while nothing is open or owed, so of orders it holds no more than their ids: every
one that was ever ours, since an exchange may show any of them again.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from alphabot.core.holdings import Holding
from alphabot.core.records import Restored
from alphabot.core.strategy_progress import StrategyProgress
from alphabot.core.values import AlphaId, OrderId, StrategyId
from alphabot.errors import JournalError

__all__ = ["Kept", "read", "written"]


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept of a :class:`alphabot.core.progress.UserState`, by the same names."""

    strategies: dict[StrategyId, StrategyProgress]
    holdings: dict[AlphaId, Holding]
    loss_by_day_usdt: dict[int, Decimal]
    intents: int
    claimed: set[OrderId]
    cash_usdt: Decimal
    beside: dict[str, Decimal]
    restored: Restored | None
    compared: set[StrategyId]


_decoder: msgspec.json.Decoder[Kept] = msgspec.json.Decoder(Kept)


def written(kept: Kept) -> str:
    """Return it as JSON text; mappings keep their order, money is text."""
    return msgspec.json.encode(kept, enc_hook=_refused).decode()


def read(text: str) -> Kept:
    """Return what :func:`written` wrote; raises JournalError for anything else."""
    try:
        return _decoder.decode(text)
    except ValueError as cause:
        raise JournalError(f"the checkpoint cannot be read: {cause}") from cause


def _refused(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} has no exact form in a checkpoint")
