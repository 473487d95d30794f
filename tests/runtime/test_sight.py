"""What a strategy sees before it acts is as fresh as it says."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import trio
from trio.testing import MockClock

from alphabot.core.records import Leg
from alphabot.core.values import AlphaId, Instrument, Quote
from alphabot.runtime.desk import Desk
from alphabot.runtime.sight import Sight
from alphabot.runtime.stop import Stop
from tests.core.samples import KOGE, fold, instrument, pair, placed, quote, settled, token
from tests.runtime.world import settings_of

AOP = AlphaId("ALPHA_382")


class SlowElsewhere:
    """A market that has the price of one token at hand; any other's takes six seconds."""

    def __init__(self) -> None:
        self.confirmed_at: dict[AlphaId, float] = {}

    async def instrument(self, alpha_id: AlphaId) -> Instrument:
        """Return the facts of the token at hand."""
        await trio.lowlevel.checkpoint()
        return replace(instrument(), token=token(alpha_id))

    async def quote(self, alpha_id: AlphaId, *, depth: bool = False) -> Quote:
        """Return a price that is confirmed at this very moment."""
        await trio.sleep(0 if alpha_id == AOP else 6)
        self.confirmed_at[alpha_id] = trio.current_time()
        return replace(quote(), age_seconds=0.0)


async def test_a_price_does_not_grow_old_while_what_else_is_held_is_priced(
    autojump_clock: MockClock,
) -> None:
    market = SlowElsewhere()
    held = fold([pair(), placed(), settled(Leg.WORKING, "13636.36", "29.999992")])
    desk: Any = SimpleNamespace(
        user_id=1, market=market, stop=Stop(30), recorder=SimpleNamespace(state=held), bids={}
    )
    (strategy,) = (s for s in settings_of().strategies if s.strategy_id == "aop")
    rule: Any = object()
    sight = Sight(cast("Desk", desk), strategy, token(AOP, "AOP"), rule)
    _, price = await sight.look()
    assert KOGE in market.confirmed_at  # what is held was priced, which took its time
    assert trio.current_time() - market.confirmed_at[AOP] == price.age_seconds
