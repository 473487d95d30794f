"""The ledger of a token as a sentence: where everything is that our rounds bought."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from alphabot.cli import cells
from alphabot.cli.words import Words, word
from alphabot.core.exact import ZERO, plain
from alphabot.messages import Language
from alphabot.runtime.status import TokenStatus

__all__ = ["ledger_line"]

_LINE: Final[Words] = (
    "{token}：买入 {bought} = 卖出 {sold} + 卖单上 {on_sells} + 未挂单 {leftover}"
    " + 去向不明 {unknown}",
    "{token}: bought {bought} = sold {sold} + on SELLs {on_sells} + on no order {leftover}"
    " + unknown {unknown}",
)
_COST: Final[Words] = ("；持有成本 {cost} USDT", "; what is held cost {cost} USDT")


def ledger_line(token: TokenStatus, language: Language) -> str:
    """Return a token's ledger; dust is among what is on no order."""
    said = word(_LINE, language).format(
        token=cells.name(token.alpha_id),
        bought=_exact(token.bought),
        sold=_exact(token.sold),
        on_sells=_exact(token.on_sells),
        leftover=_exact(token.leftover),
        unknown=_exact(token.unknown),
    )
    if token.cost_usdt:
        said += word(_COST, language).format(cost=cells.tokens(token.cost_usdt, ZERO))
    return said


def _exact(quantity: Decimal) -> str:
    """Return all digits, with thousands set apart: the parts are to add up to the whole."""
    whole, point, places = plain(quantity).partition(".")
    return f"{int(whole):,}{point}{places}"
