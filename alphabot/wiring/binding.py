"""What the names of a configuration mean: strategies, rules and tokens.

Everything here fails before anything was written, with the line of the name that is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import trio

from alphabot.config import Settings, StrategySettings, nearest
from alphabot.core.tokens import TokenNotFound, resolve_token
from alphabot.core.values import Token
from alphabot.errors import ConfigError, ExchangeError
from alphabot.plugins import PluginHost
from alphabot.ports import Market, PricingRule

__all__ = ["Bound", "bind", "choose"]

START_SECONDS: Final = 30.0
"""How long the exchange may take to show its token list before anything is started."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A strategy with what its names mean."""

    settings: StrategySettings
    token: Token
    rule: PricingRule


def choose(settings: Settings, only: Sequence[str]) -> tuple[StrategySettings, ...]:
    """Return the strategies of these ids, or all; raises ConfigError for an unknown id."""
    known = {strategy.strategy_id: strategy for strategy in settings.strategies}
    for strategy_id in only:
        if strategy_id not in known:
            near = nearest(strategy_id, known)
            raise ConfigError(
                f"there is no strategy {strategy_id!r}",
                path=settings.path,
                hint=f"did you mean {near}?" if near else f"there are {', '.join(known)}",
            )
    return tuple(s for s in settings.strategies if not only or s.strategy_id in only)


async def bind(
    settings: Settings,
    chosen: Sequence[StrategySettings],
    host: PluginHost,
    market: Market,
) -> list[Bound]:
    """Resolve the names of rules and tokens; raises ConfigError with the line of a wrong one."""
    rules = [_rule_of(settings, strategy, host) for strategy in chosen]
    try:
        with trio.fail_after(START_SECONDS):
            tokens = await market.tokens()
    except (ExchangeError, trio.TooSlowError) as cause:
        raise ExchangeError(f"the exchange does not answer: {cause}") from cause
    return [
        Bound(strategy, _token_of(settings, strategy, tokens), rule)
        for strategy, rule in zip(chosen, rules, strict=True)
    ]


def _rule_of(settings: Settings, strategy: StrategySettings, host: PluginHost) -> PricingRule:
    """Return the pricing rule; the multiplier's name is checked as well."""
    index = settings.strategies.index(strategy)
    for key in ("pricing", "multiplier"):
        resolve = host.pricing_rule if key == "pricing" else host.multiplier
        try:
            resolve(getattr(strategy, key))
        except KeyError as cause:
            raise settings.complaint("strategies", index, key, problem=cause.args[0]) from None
    return host.pricing_rule(strategy.pricing)


def _token_of(settings: Settings, strategy: StrategySettings, tokens: Sequence[Token]) -> Token:
    index = settings.strategies.index(strategy)
    try:
        return resolve_token(tokens, strategy.target_token, strategy.chain_id)
    except TokenNotFound as cause:
        key = "target_chain" if cause.chain_is_wrong else "target_token"
        raise settings.complaint("strategies", index, key, problem=cause.problem) from None
