"""The ledger of a token as a sentence: where everything is that our rounds bought."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from alphabot.cli import cells
from alphabot.cli.words import Words, word
from alphabot.core.exact import plain
from alphabot.messages import Language
from alphabot.runtime.status import TokenStatus

__all__ = ["ledger_line"]

_CENT: Final = Decimal("0.01")
_LINE: Final[Words] = ("{token}：买入 {bought} = {parts}", "{token}: bought {bought} = {parts}")
_SOLD: Final[Words] = ("卖出 {}", "sold {}")
_ON_SELLS: Final[Words] = ("卖单上 {}", "on SELLs {}")
_LEFTOVER: Final[Words] = ("未挂单 {}", "on no order {}")
_UNKNOWN: Final[Words] = ("去向不明 {}", "unknown {}")
_COST: Final[Words] = ("；持有成本 {cost} USDT", "; what is held cost {cost} USDT")


def ledger_line(token: TokenStatus, language: Language) -> str:
    """Return a token's ledger without the parts that are empty; dust is on no order."""
    parts = (
        (_SOLD, token.sold),
        (_ON_SELLS, token.on_sells),
        (_LEFTOVER, token.leftover),
        (_UNKNOWN, token.unknown),
    )
    said = word(_LINE, language).format(
        token=cells.name(token.alpha_id),
        bought=_exact(token.bought),
        parts=" + ".join(word(words, language).format(_exact(n)) for words, n in parts if n),
    )
    if token.cost_usdt >= _CENT:
        said += word(_COST, language).format(cost=cells.usdt(token.cost_usdt))
    return said


def _exact(quantity: Decimal) -> str:
    """Return all digits, with thousands set apart: the parts are to add up to the whole."""
    whole, point, places = plain(quantity).partition(".")
    return f"{int(whole):,}{point}{places}"
