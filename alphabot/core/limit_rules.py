"""The gate's rules: each answers with the reason why an order may not leave, or with nothing.

Which of them a BUY and a SELL must pass, in which order and with what consequence, is said in
:mod:`alphabot.core.limits`. Where a rule enforces a setting it bears the setting's name there.
"""

from __future__ import annotations

from decimal import Decimal

from alphabot.core.exact import divide, multiply, plain
from alphabot.core.limit_case import Case
from alphabot.core.planning import dust_after
from alphabot.core.values import Instrument, PairPlan, Quote

CLOCK_SKEW_SECONDS_MAX = 30.0
"""Half of what is allowed for where an order's time is compared with its intent's."""
_HUNDRED = Decimal(100)
_BASIS_POINTS = Decimal(10_000)


def reference_price(quote: Quote) -> Decimal:
    """Return the price that collars are measured from: the middle of bid and ask."""
    return (quote.bid + quote.ask) / 2


# --- rules about the moment -----------------------------------------------------------------


def halted(case: Case) -> str | None:
    return case.standing.halted or None


def paused(case: Case) -> str | None:
    return "paused; alphabot resume goes on" if case.standing.paused else None


def stopping(case: Case) -> str | None:
    return "a stop was requested" if case.standing.stopping else None


def latched(case: Case) -> str | None:
    return case.standing.latched or None


def feed_live(case: Case) -> str | None:
    return None if case.standing.feed_live else "the order stream is not connected"


def unresolved(case: Case) -> str | None:
    count = case.standing.unresolved
    return f"{count} request(s) with unknown outcome" if count else None


def open_here(case: Case) -> str | None:
    count = case.standing.open_here
    return f"{count} round(s) on {case.plan.symbol} not ended" if count else None


def trading(case: Case) -> str | None:
    return None if case.instrument.trading else f"{case.plan.symbol} is not trading"


def clock(case: Case) -> str | None:
    skew = case.standing.clock_skew_seconds
    if skew is None:
        return "the exchange has not told its time"
    if abs(skew) <= CLOCK_SKEW_SECONDS_MAX:
        return None
    return f"this machine's clock is {skew:+.0f} s off, at most {CLOCK_SKEW_SECONDS_MAX:g} s"


def foreign_orders(case: Case) -> str | None:
    count = case.standing.foreign_here
    return f"{count} order(s) on {case.plan.symbol} that we did not place" if count else None


def orders_per_minute(case: Case) -> str | None:
    count, most = case.standing.orders_last_minute, case.limits.max_orders_per_minute
    return f"{count} of {most} in the last minute" if count >= most else None


def rounds(case: Case) -> str | None:
    count, most = case.standing.rounds, case.limits.max_rounds
    return f"{count} of {most} rounds; reset re-arms" if count >= most else None


def failures(case: Case) -> str | None:
    count, most = case.standing.failures, case.limits.max_consecutive_failures
    return f"{count} failures in a row, at most {most}; clear re-arms" if count >= most else None


# --- rules about the price ------------------------------------------------------------------


def price_age(case: Case) -> str | None:
    age, most = case.quote.age_seconds, case.limits.max_price_age_seconds
    return None if age <= most else f"the price is {age:.1f} s old, at most {most} s"


def price_positive(case: Case) -> str | None:
    prices = (case.quote.last, case.quote.bid, case.quote.ask)
    return None if min(prices) > 0 else f"last, bid and ask are {', '.join(map(plain, prices))}"


def sources_agree(case: Case) -> str | None:
    middle = reference_price(case.quote)
    percent = abs(case.quote.last - middle) / middle * _HUNDRED
    most = case.limits.max_source_deviation_percent
    if percent <= most:
        return None
    return f"last {plain(case.quote.last)} and book {plain(middle)} differ by {percent:.2f} %"


def spread(case: Case) -> str | None:
    spread = case.quote.ask - case.quote.bid
    spread_bp = spread / reference_price(case.quote) * _BASIS_POINTS
    if spread < 0:
        return f"crossed book: bid {plain(case.quote.bid)}, ask {plain(case.quote.ask)}"
    if spread_bp <= case.limits.max_spread_bp:
        return None
    return f"{spread_bp:.1f} bp, at most {plain(case.limits.max_spread_bp)}"


def collar(case: Case) -> str | None:
    middle = reference_price(case.quote)
    plan = case.plan
    prices = [plan.buy_price, plan.sell_price] if isinstance(plan, PairPlan) else [plan.price]
    for price in prices:
        percent = abs(price - middle) / middle * _HUNDRED
        if percent > case.limits.price_collar_percent:
            return f"limit {plain(price)} is {percent:.2f} % from {plain(middle)}"
    return None


# --- rules about money ----------------------------------------------------------------------


def worst_loss_usdt(plan: PairPlan, instrument: Instrument) -> Decimal:
    """Return what a pair loses at worst: bought at its limit, sold at its lowest, both fees."""
    kept = 1 - instrument.fees.buyer
    brought = multiply(
        multiply(plan.exit_price, plan.quantity), kept * (1 - instrument.fees.seller)
    )
    return plan.amount_usdt - brought


def round_loss(case: Case) -> str | None:
    loss = worst_loss_usdt(case.pair, case.instrument)
    percent = divide(loss, case.pair.amount_usdt) * _HUNDRED
    if percent <= case.limits.max_round_loss_percent:
        return None
    return f"at worst {percent:.2f} %, at most {plain(case.limits.max_round_loss_percent)} %"


def daily_loss(case: Case) -> str | None:
    most = case.limits.max_daily_loss_usdt
    worst = case.standing.loss_today_usdt + worst_loss_usdt(case.pair, case.instrument)
    return None if worst <= most else f"could reach {worst:.2f} USDT today, at most {plain(most)}"


def exposure(case: Case) -> str | None:
    most = case.limits.max_exposure_usdt
    after = case.standing.exposure_usdt + case.pair.amount_usdt
    return None if after <= most else f"would be {after:.2f} USDT, at most {plain(most)}"


def total_exposure(case: Case) -> str | None:
    most = case.limits.max_total_exposure_usdt
    after = case.standing.total_exposure_usdt + case.pair.amount_usdt
    return None if after <= most else f"would be {after:.2f} USDT, at most {plain(most)}"


def exit_loss(case: Case) -> str | None:
    floor = case.exit_floor
    if floor is None or isinstance(case.plan, PairPlan) or case.plan.price >= floor:
        return None
    most = plain(case.limits.max_exit_loss_percent)
    return f"SELL at {plain(case.plan.price)} loses more than {most} %: not below {plain(floor)}"


def unsold(case: Case) -> str | None:
    held = case.standing.sellable_leftover
    return f"{plain(held)} tokens bought and not sold" if held > 0 else None


def leftover(case: Case) -> str | None:
    most = case.limits.max_leftover_usdt
    cost = case.standing.leftover_usdt
    return None if cost <= most else f"{cost:.2f} USDT, at most {plain(most)}"


def dust(case: Case) -> str | None:
    value = multiply(dust_after(case.pair, case.instrument), case.pair.buy_price)
    dust_bp = divide(value, case.pair.amount_usdt) * _BASIS_POINTS
    if dust_bp <= case.limits.max_dust_bp:
        return None
    return f"{dust_bp:.1f} bp would stay behind, at most {plain(case.limits.max_dust_bp)}"


def balance(case: Case) -> str | None:
    free = case.standing.free_usdt
    if free is None or free >= case.pair.amount_usdt:
        return None
    return f"{plain(free)} USDT are free, {plain(case.pair.amount_usdt)} are needed"


def self_trade(case: Case) -> str | None:
    if not case.limits.self_trade_guard:
        return None
    plan, standing = case.plan, case.standing
    floor, ceiling = standing.others_sell_floor, standing.others_buy_ceiling
    sells_at = plan.sell_price if isinstance(plan, PairPlan) else plan.price
    if isinstance(plan, PairPlan) and floor is not None and plan.buy_price >= floor:
        return f"BUY at {plain(plan.buy_price)} could meet our own SELL at {plain(floor)}"
    if ceiling is not None and sells_at <= ceiling:
        return f"SELL at {plain(sells_at)} could meet our own BUY at {plain(ceiling)}"
    return None
