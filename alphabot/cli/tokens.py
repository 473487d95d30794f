"""``alphabot tokens``: which tokens are cheap to trade now."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, Token
from cyclopts.validators import Number

from alphabot.cli.settings import NoPlugins
from alphabot.core.exact import exact

__all__ = ["tokens"]

AMOUNT_USDT_MAX = 1_000_000


def _amount(_: object, words: Sequence[Token]) -> Decimal:
    amount = exact(words[0].value)
    if not 0 < amount <= AMOUNT_USDT_MAX:
        raise ValueError(f"above 0 and at most {AMOUNT_USDT_MAX} USDT was expected")
    return amount


Amount = Annotated[Decimal, Parameter(converter=_amount, n_tokens=1, accepts_keys=False)]
Count = Annotated[int, Parameter(validator=Number(gte=1))]


async def tokens(
    *,
    amount: Amount = Decimal(30),
    multiplier: str | None = None,
    limit: Count | None = None,
    config: Path = Path("strategies.toml"),
    seed: int | None = None,
    no_plugins: NoPlugins = False,
    json: bool = False,
) -> int:
    """Rank the tokens by what volume on them costs now.

    For every token: what one round would cost if it bought for the amount at the best asks and
    sold back at the best bids, and what 1,000 USDT of credited volume would cost so. Only the
    public side of the exchange is asked; nothing is traded and nothing is written.

    Parameters
    ----------
    amount
        What a round is for, in USDT.
    multiplier
        The rule from volume to credited volume; without it, that of the file's first strategy.
    limit
        Show no more tokens than this.
    config
        The file that names the exchange.
    seed
        Another run of the simulated exchange: its prices and books.
    no_plugins
        Leave out the plugins that the file enables.
    json
        Print the figures as JSON.
    """
    import sys

    from alphabot import wiring
    from alphabot.cli.session import emit
    from alphabot.cli.settings import load
    from alphabot.cli.tokens_text import Ranking, as_json, as_text
    from alphabot.core.ranking import ranked
    from alphabot.log import LineWriter, configure

    settings = load(config, no_plugins=no_plugins)
    configure(settings.language, sink=LineWriter(lambda: sys.stderr))
    rule = multiplier or settings.strategies[0].multiplier
    found, now_ms = await wiring.token_costs(settings, amount, rule, seed)
    ranking = Ranking(amount, rule, ranked(found)[:limit], now_ms)
    emit(as_json(ranking) if json else as_text(ranking, settings.language))
    return 0
