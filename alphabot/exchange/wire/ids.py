"""Ids and states as the exchange writes them; ValueError (for ``shaped``) if they are none.

The reply to a pair has ids that are numbers, everything else has strings (protocol: ten facts, 2).
Here they all become text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from alphabot.core.values import AlphaId, OrderId, OrderListId, OrderStatus

__all__ = ["Contract", "alpha_id", "contract", "order_id", "order_list_id", "order_status"]

_ID = re.compile(r"[0-9]{1,32}")
_ALPHA_ID = re.compile(r"ALPHA_[0-9]{1,12}")
# Some chains name a module and a type behind the address: 0x2::sui::SUI.
_CONTRACT = re.compile(r"([A-Za-z0-9_:.-]{1,200})@([A-Za-z0-9_]{1,32})")

# What spot documents call the waiting state of a pending leg (protocol section 7).
_STATUS_ALIASES = {"PENDING_NEW": OrderStatus.PENDING}


class Contract(NamedTuple):
    """A token as its chain knows it; streams of all tokens are keyed so, and not by alphaId."""

    address: str
    chain_id: str


def order_id(value: object) -> OrderId:
    """Return an order's id as text."""
    return OrderId(_digits(value))


def order_list_id(value: str | int | None) -> OrderListId | None:
    """Return the id that joins the legs of a pair; None for a plain order (``"-1"``)."""
    return None if value in (None, "", "-1", -1) else OrderListId(_digits(value))


def order_status(value: str) -> OrderStatus:
    """Return an order's state; an unknown one is refused, so that nothing is concluded from it."""
    return _STATUS_ALIASES.get(value) or OrderStatus(value)


def alpha_id(value: str) -> AlphaId:
    """Return a token's id, ``ALPHA_22``."""
    if not _ALPHA_ID.fullmatch(value):
        raise ValueError(f"a token id like ALPHA_22 was expected, was {value[:64]!r}")
    return AlphaId(value)


def contract(value: str) -> Contract:
    """Return a contract from ``address@chainId``."""
    match = _CONTRACT.fullmatch(value)
    if match is None:
        raise ValueError(f"an address@chainId was expected, was {value[:64]!r}")
    return Contract(match[1], match[2])


def _digits(value: object) -> str:
    if not isinstance(value, str | int):
        raise TypeError(f"an id was expected, was {type(value).__name__}")
    text = str(value)
    if not _ID.fullmatch(text) or not text.strip("0"):
        raise ValueError(f"an id of digits was expected, was {text[:64]!r}")
    return text
