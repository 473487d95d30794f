"""What the names of a configuration mean: strategies, rules and tokens.

Everything here fails before anything was written, with the line of the name that is wrong; what
:func:`resolve` finds, even before an exchange was started or asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import trio

from alphabot.builtin import PLUGINS
from alphabot.config import Settings, StrategySettings, nearest
from alphabot.core.tokens import TokenNotFound, resolve_token
from alphabot.core.values import AlphaId, Token, UserId
from alphabot.errors import ConfigError, ExchangeError
from alphabot.log import say
from alphabot.plugins import PluginHost, Source, load_plugins
from alphabot.ports import Market, NotifierFactory, PricingRule

__all__ = ["Bound", "Names", "RefusedStrategy", "bind", "choose", "resolve", "token_list"]

START_SECONDS: Final = 30.0
"""How long the exchange may take to show its token list before anything is started."""


@dataclass(frozen=True, slots=True)
class RefusedStrategy:
    """A strategy that cannot run, while the others can."""

    strategy: StrategySettings
    reason: str


@dataclass(frozen=True, slots=True)
class Names:
    """The strategies to run with their pricing rules, and the plugins these come from.

    ``refused`` are those whose rules a plugin would have brought that cannot be used.
    """

    plugins: PluginHost
    strategies: tuple[StrategySettings, ...]
    rules: tuple[PricingRule, ...]
    refused: tuple[RefusedStrategy, ...]
    notifiers: Mapping[str, NotifierFactory] = field(default_factory=dict)

    def brought(self) -> Iterator[Mapping[str, str]]:
        """Yield which plugin brings which rule of which strategy; ours are not worth a word."""
        for strategy in self.strategies:
            for kind, name in (
                ("pricing rule", strategy.pricing),
                ("multiplier", strategy.multiplier),
            ):
                plugin = self.plugins.plugin_of(kind, name)
                if self.plugins.loaded[plugin].found.source is not Source.BUILTIN:
                    yield {"plugin": plugin, "rule": name, "strategy_id": strategy.strategy_id}


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


def resolve(settings: Settings, only: Sequence[str]) -> Names:
    """Load the plugins and resolve every name that does not need an exchange.

    Raises ConfigError with the line of a wrong name. Where plugins are missing or refused, the
    name may have been theirs: then that strategy alone is refused.
    """
    chosen = choose(settings, only)
    named = settings.plugins
    host = load_plugins(PLUGINS, named.paths, named.enabled, settings.source, off=named.off)
    for name, error in host.refused.items():
        say("plugin.refused", plugin=name, reason=f"{error.hook}: {error.problem}")
    runs, rules, refused = [], [], []
    for strategy in chosen:
        rule = _rule_of(settings, strategy, host)
        if isinstance(rule, RefusedStrategy):
            refused.append(rule)
        else:
            runs.append(strategy)
            rules.append(rule)
    return Names(host, tuple(runs), tuple(rules), tuple(refused), dict(_notifiers(settings, host)))


async def bind(settings: Settings, names: Names, market: Market) -> list[Bound]:
    """Resolve the names of tokens by the exchange's list.

    Raises ConfigError with the line of a wrong one, and where a user would trade one token twice;
    ExchangeError if the exchange cannot be asked.
    """
    tokens = await token_list(market)
    bound = [
        Bound(strategy, _token_of(settings, strategy, tokens), rule)
        for strategy, rule in zip(names.strategies, names.rules, strict=True)
    ]
    _refuse_one_token_twice(settings, bound)
    return bound


async def token_list(market: Market) -> Sequence[Token]:
    """Return the exchange's token list; raises ExchangeError if it does not come soon."""
    try:
        with trio.fail_after(START_SECONDS):
            return await market.tokens()
    except (ExchangeError, trio.TooSlowError) as cause:
        reason = str(cause) or f"nothing within {START_SECONDS:g} s"
        raise ExchangeError(f"the exchange does not answer: {reason}") from cause


def _rule_of(
    settings: Settings, strategy: StrategySettings, host: PluginHost
) -> PricingRule | RefusedStrategy:
    """Return the pricing rule; the multiplier's name is checked as well."""
    index = settings.strategies.index(strategy)
    for key in ("pricing", "multiplier"):
        resolve_name = host.pricing_rule if key == "pricing" else host.multiplier
        try:
            resolve_name(getattr(strategy, key))
        except KeyError as cause:
            if host.refused:
                return RefusedStrategy(strategy, cause.args[0])
            raise settings.complaint("strategies", index, key, problem=cause.args[0]) from None
    return host.pricing_rule(strategy.pricing)


def _notifiers(settings: Settings, host: PluginHost) -> Iterator[tuple[str, NotifierFactory]]:
    for place, name in enumerate(settings.notices.notifiers):
        try:
            yield name, host.notifier(name)
        except KeyError as cause:
            if not host.refused:
                at = ("notices", "notifiers", place)
                raise settings.complaint(*at, problem=cause.args[0]) from None
            # It may have been that plugin's; orders do not wait for a way to tell of them.
            say("notifier.missing", notifier=name, reason=cause.args[0])


def _token_of(settings: Settings, strategy: StrategySettings, tokens: Sequence[Token]) -> Token:
    index = settings.strategies.index(strategy)
    try:
        return resolve_token(tokens, strategy.target_token, strategy.chain_id)
    except TokenNotFound as cause:
        key = "target_chain" if cause.chain_is_wrong else "target_token"
        raise settings.complaint("strategies", index, key, problem=cause.problem) from None


def _refuse_one_token_twice(settings: Settings, bound: Sequence[Bound]) -> None:
    # The configuration refuses one name twice; that KOGE and ALPHA_22 are one token, only the
    # exchange's list tells.
    seen: dict[tuple[UserId, AlphaId], StrategySettings] = {}
    for strategy, token in ((b.settings, b.token) for b in bound):
        for place, user_id in enumerate(strategy.user_ids):
            first = seen.setdefault((user_id, token.alpha_id), strategy)
            if first is not strategy:
                raise settings.complaint(
                    "strategies",
                    settings.strategies.index(strategy),
                    "user_ids",
                    place,
                    problem=(
                        f"user {user_id} trades {token.alpha_id} in '{first.strategy_id}' already"
                    ),
                )
