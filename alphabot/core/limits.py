"""The gate: the one door every order passes, just before its intent.

Each rule is one small function that answers with the reason why not, or with nothing; the two
tables at the end say which rules a BUY and a SELL must pass, in which order, and what a refusal
means. No plugin can loosen a rule: plugins propose, the gate decides.

What a refusal means: ``SKIP`` this round and try again after the back-off; ``WAIT`` a moment, it
is not a failure; ``END`` the strategy until a human has looked at it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from alphabot.core import limit_rules as rules
from alphabot.core.limit_case import Case

__all__ = ["BUY_RULES", "SELL_RULES", "Refusal", "Remedy", "Rule", "may_buy", "may_sell"]


class Remedy(Enum):
    """What the trade loop does about a refusal."""

    SKIP = auto()
    WAIT = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an order may not leave: the rule's name, the figures, and what to do about it."""

    name: str
    detail: str
    remedy: Remedy


@dataclass(frozen=True, slots=True)
class Rule:
    """A named check with what its refusal means; the name is the setting's where there is one."""

    name: str
    check: Callable[[Case], str | None]
    remedy: Remedy


def may_buy(case: Case) -> Refusal | None:
    """Return why the pair may not be placed, or None when it may."""
    return _first_refusal(BUY_RULES, case)


def may_sell(case: Case) -> Refusal | None:
    """Return why the plain SELL may not be placed, or None when it may."""
    return _first_refusal(SELL_RULES, case)


def _first_refusal(table: tuple[Rule, ...], case: Case) -> Refusal | None:
    for rule in table:
        detail = rule.check(case)
        if detail is not None:
            return Refusal(rule.name, detail, rule.remedy)
    return None


_PRICE_RULES = (
    Rule("price_positive", rules.price_positive, Remedy.SKIP),
    Rule("max_price_age_seconds", rules.price_age, Remedy.SKIP),
    Rule("max_source_deviation_percent", rules.sources_agree, Remedy.SKIP),
    Rule("price_collar_percent", rules.collar, Remedy.SKIP),
)

BUY_RULES: tuple[Rule, ...] = (
    Rule("halted", rules.halted, Remedy.WAIT),
    Rule("stopping", rules.stopping, Remedy.END),
    Rule("paused", rules.paused, Remedy.WAIT),
    Rule("latched", rules.latched, Remedy.END),
    Rule("stream", rules.feed_live, Remedy.WAIT),
    Rule("clock", rules.clock, Remedy.WAIT),
    Rule("unknown_outcome", rules.unresolved, Remedy.WAIT),
    Rule("one_round", rules.open_here, Remedy.WAIT),
    Rule("foreign_order", rules.foreign_orders, Remedy.WAIT),
    Rule("symbol_trading", rules.trading, Remedy.SKIP),
    Rule("max_rounds", rules.rounds, Remedy.END),
    Rule("max_consecutive_failures", rules.failures, Remedy.END),
    Rule("max_orders_per_minute", rules.orders_per_minute, Remedy.WAIT),
    *_PRICE_RULES,
    Rule("max_spread_bp", rules.spread, Remedy.SKIP),
    Rule("max_round_loss_percent", rules.round_loss, Remedy.SKIP),
    Rule("max_daily_loss_usdt", rules.daily_loss, Remedy.END),
    Rule("max_exposure_usdt", rules.exposure, Remedy.WAIT),
    Rule("max_total_exposure_usdt", rules.total_exposure, Remedy.WAIT),
    Rule("unsold", rules.unsold, Remedy.SKIP),
    Rule("max_leftover_usdt", rules.leftover, Remedy.END),
    Rule("max_dust_bp", rules.dust, Remedy.SKIP),
    Rule("balance", rules.balance, Remedy.SKIP),
    Rule("self_trade_guard", rules.self_trade, Remedy.WAIT),
)
"""What a BUY must pass, first the cheap and the absolute."""

SELL_RULES: tuple[Rule, ...] = (
    Rule("halted", rules.halted, Remedy.WAIT),
    Rule("latched", rules.latched, Remedy.END),
    Rule("stream", rules.feed_live, Remedy.WAIT),
    Rule("clock", rules.clock, Remedy.WAIT),
    Rule("unknown_outcome", rules.unresolved, Remedy.WAIT),
    Rule("one_round", rules.open_here, Remedy.WAIT),
    Rule("symbol_trading", rules.trading, Remedy.SKIP),
    Rule("max_orders_per_minute", rules.orders_per_minute, Remedy.WAIT),
    *_PRICE_RULES,
    Rule("max_exit_loss_percent", rules.exit_loss, Remedy.SKIP),
    Rule("self_trade_guard", rules.self_trade, Remedy.WAIT),
)
"""What a SELL must pass. It lowers the risk, so neither a stop, a pause nor a money limit holds it;
a halt does, since who asks for one may have lost trust in what we do."""
