"""alphabot: volume-target strategies for several users of Binance Alpha at once.

This is what a plugin author imports: the hook marker and the values a rule is given and gives.
"""

from alphabot.core.chat import ChatAnswer, ChatQuestion
from alphabot.core.notices import Notice, NoticeKind
from alphabot.core.pricing import NoPrice, reads_depth
from alphabot.core.secret import Secret
from alphabot.core.values import (
    FeeRate,
    Grid,
    Instrument,
    Level,
    PricingRequest,
    Proposal,
    Quote,
    Token,
)
from alphabot.errors import NotDelivered
from alphabot.hookspecs import hookimpl

__all__ = [
    "ChatAnswer",
    "ChatQuestion",
    "FeeRate",
    "Grid",
    "Instrument",
    "Level",
    "NoPrice",
    "NotDelivered",
    "Notice",
    "NoticeKind",
    "PricingRequest",
    "Proposal",
    "Quote",
    "Secret",
    "Token",
    "__version__",
    "hookimpl",
    "reads_depth",
]

__version__ = "0.1.0"
