"""What ``alphabot check`` found, in words of both languages, for 80 columns.

Names of tokens and strategies come from outside: they are shown as text, never as markup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.table import Table

from alphabot.cli import cells
from alphabot.cli.check_figures import Found, Report
from alphabot.cli.check_words import LABELS, OBSTACLES, SENTENCES
from alphabot.cli.layout import Row, labelled, printed, table
from alphabot.cli.words import word
from alphabot.core.day_fit import ShortDay, short_day
from alphabot.core.exact import divide, plain, round_half_up
from alphabot.core.forecast import Forecast, Slowest, UserForecast, Way
from alphabot.core.limit_rules import reference_price
from alphabot.core.limit_values import Limits
from alphabot.core.obstacles import dust_bp, round_loss_percent
from alphabot.core.round_trip import basis_points
from alphabot.core.values import Quote, UserId
from alphabot.messages import Language
from alphabot.wiring import Prospect

__all__ = ["as_text"]

_USERS_NAMED_MAX = 8


def as_text(report: Report) -> str:
    """Return the report as lines of at most 80 cells."""
    words = _Speaker(report.settings.language)
    blocks: list[RenderableType] = [words("head", exchange=_exchange(report, words))]
    for prospect in report.prospects:
        rows = labelled(_strategy(report, prospect, words))
        blocks += ["", _heading(prospect, words), rows]
    for refused in report.refused:
        error = words.row("error", cells.name(refused.reason))
        blocks += ["", cells.name(refused.strategy.strategy_id), labelled([error])]
    if report.users:
        blocks += ["", _users(report.users, report.settings.limits_of, words)]
    of_all = [found for found in report.obstacles if found.strategy_id is None]
    blocks.append(labelled([*_crowded(report, words), *(_obstacle(f, words) for f in of_all)]))
    count = len(report.obstacles) + len(report.refused)
    return printed([*blocks, "", words("good" if report.possible else "bad", count=count)])


@dataclass(frozen=True, slots=True)
class _Speaker:
    """Says sentences in one language."""

    language: Language

    def __call__(self, sentence: str, /, **figures: object) -> str:
        """Return a sentence with its figures, which are text of any origin."""
        return word(SENTENCES[sentence], self.language).format(**figures)

    def label(self, key: str) -> str:
        """Return a label."""
        return word(LABELS[key], self.language)

    def row(self, label: str, sentence: str) -> Row:
        """Return a labelled sentence."""
        return self.label(label), sentence


def _exchange(report: Report, words: _Speaker) -> str:
    url = report.settings.exchange.rest_url
    if report.settings.dry_run:
        return words("dry_run", url=url)
    if report.settings.live:
        return words("live", url=url)
    return words("elsewhere", url=url) if url else words("embedded")


def _heading(prospect: Prospect, words: _Speaker) -> str:
    strategy, token = prospect.settings, prospect.instrument.token
    users = words(
        "one_user" if len(strategy.user_ids) == 1 else "users", users=_ids(strategy.user_ids)
    )
    return words(
        "strategy",
        strategy=cells.name(strategy.strategy_id),
        token=cells.name(token.name),
        alpha_id=token.alpha_id,
        chain=strategy.target_chain,
        users=users,
    )


def _ids(user_ids: Sequence[int]) -> str:
    named = ", ".join(map(str, user_ids[:_USERS_NAMED_MAX]))
    return named if len(user_ids) <= _USERS_NAMED_MAX else f"{named}, … ({len(user_ids)})"


def _strategy(report: Report, prospect: Prospect, words: _Speaker) -> Iterator[Row]:
    yield words.row("price", _price(prospect.quote, words))
    forecast = report.forecast_of(prospect)
    if forecast is not None:
        yield from _forecast(report, prospect, forecast, words)
    for found in report.obstacles:
        strategy = prospect.settings
        if (found.strategy_id, found.variant) == (strategy.strategy_id, strategy.user_ids):
            yield _obstacle(found, words)


def _price(quote: Quote, words: _Speaker) -> str:
    spread = basis_points(quote.ask - quote.bid, reference_price(quote))
    prices = {"last": quote.last, "bid": quote.bid, "ask": quote.ask}
    shown = {name: plain(price) for name, price in prices.items()}
    return words("price", spread=cells.bp(spread), **shown)


def _forecast(
    report: Report, prospect: Prospect, forecast: Forecast, words: _Speaker
) -> Iterator[Row]:
    strategy, undertaking = prospect.settings, forecast.undertaking
    plan, trip, way = undertaking.plan, undertaking.trip, forecast.way
    yield words.row(
        "round",
        words(
            "round",
            buy=plain(plan.buy_price),
            sell=plain(plan.sell_price),
            pricing=strategy.pricing,
            amount=cells.usdt(plan.amount_usdt),
            bought=cells.usdt(trip.bought_usdt),
        ),
    )
    if way.rounds is not None:
        yield words.row(
            "target",
            words(
                "target",
                target=cells.usdt(undertaking.target_volume),
                rounds=_rounds(way, words),
                credited=cells.usdt(way.credited),
                basis=strategy.volume_basis,
                multiplier=way.multiplier,
                mul_point=prospect.instrument.token.mul_point,
            ),
        )
    if len(forecast.ways) > 1:
        yield "", _ways(forecast, words)
    if way.rounds is None:
        return
    yield from _money(report, prospect, forecast, words)
    yield words.row("time", _time(report, forecast, words))
    if (short := short_day(strategy.goal, forecast)) is not None:
        yield words.row("warning", _short_day(short, words))
    pace = forecast.pace
    if pace.users_at_once is not None and pace.users_a_day is not None:
        counts = {"at_once": f"{pace.users_at_once:,}", "a_day": f"{pace.users_a_day:,}"}
        yield words.row("turn", words("turn", **counts))
    if prospect.waits:
        yield words.row("note", words("waits", pricing=strategy.pricing))
    for key, tokens in (("waiting", trip.waiting), ("unsold", trip.unsold)):
        if tokens:
            yield words.row("note", words(key, tokens=plain(tokens)))


def _money(
    report: Report, prospect: Prospect, forecast: Forecast, words: _Speaker
) -> Iterator[Row]:
    undertaking, way = forecast.undertaking, forecast.way
    limits = report.settings.limits_of(undertaking.user_ids[0])
    trip, rounds = undertaking.trip, forecast.way.rounds or 0
    yield words.row(
        "cost",
        words(
            "cost",
            volume=cells.usdt(way.volume_usdt),
            cost=cells.usdt(way.cost_usdt),
            bp=cells.bp(trip.cost_bp),
            spread=cells.usdt(trip.spread_usdt * rounds),
            fees=cells.usdt(trip.fees_usdt * rounds),
            dust=cells.usdt(trip.dust_usdt * rounds),
        ),
    )
    held = words("worst_held", limit=plain(limits.max_daily_loss_usdt))
    percent = round_loss_percent(undertaking.plan, undertaking.instrument)
    worst = words(
        "worst",
        round=cells.usdt(undertaking.worst_usdt),
        percent=cells.usdt(percent),
        all=cells.usdt(way.worst_usdt),
    )
    too_much = way.worst_usdt > limits.max_daily_loss_usdt
    yield words.row("worst", worst + held if too_much else worst)
    yield words.row(
        "dust",
        words(
            "dust",
            dust=plain(round_half_up(trip.dust, 8)),
            token=cells.name(prospect.instrument.token.name),
            bp=cells.bp(dust_bp(undertaking.plan, undertaking.instrument)),
            limit=plain(limits.max_dust_bp),
        ),
    )


def _time(report: Report, forecast: Forecast, words: _Speaker) -> str:
    pace = forecast.pace
    text = words(
        "time",
        time=cells.seconds(pace.seconds),
        round=f"{report.round_seconds:g}",
        pause=f"{forecast.undertaking.interval_seconds:g}",
    )
    match pace.slowest:
        case Slowest.TURN:
            return text + words("slowed_by_turn")
        case Slowest.ORDERS:
            limits = report.settings.limits_of(forecast.undertaking.user_ids[0])
            orders = limits.max_orders_per_minute
            return text + words("slowed_by_orders", orders=orders)
        case Slowest.ITSELF:
            return text


def _short_day(short: ShortDay, words: _Speaker) -> str:
    times = {"needed": cells.seconds(short.needed_seconds), "time": cells.seconds(short.seconds)}
    rounds = {"needed_rounds": f"{short.needed_rounds:,}", "rounds": f"{short.rounds:,}"}
    return words("short_day", credited=cells.usdt(short.credited), **times, **rounds)


def _ways(forecast: Forecast, words: _Speaker) -> Table:
    """Return what each multiplier rule would mean, the chosen one marked."""
    rows = [
        (
            f"{way.multiplier} *" if way is forecast.way else way.multiplier,
            cells.usdt(way.credited),
            _rounds(way, words),
            cells.usdt(way.volume_usdt),
            cells.usdt(way.cost_usdt),
            cells.usdt(way.worst_usdt),
        )
        for way in forecast.ways
    ]
    heads = ("multiplier", "credited", "rounds", "volume", "cost_usdt", "worst_usdt")
    return table([words.label(head) for head in heads], rows)


def _users(
    users: Sequence[UserForecast], limits_of: Callable[[UserId], Limits], words: _Speaker
) -> Table:
    rows = [
        (
            str(user.user_id),
            str(len(user.forecasts)),
            f"{user.rounds:,}",
            cells.usdt(user.volume_usdt),
            cells.usdt(user.cost_usdt),
            cells.usdt(user.worst_held_usdt(limits_of(user.user_id))),
            cells.seconds(user.seconds),
        )
        for user in users
    ]
    heads = ("user", "strategies", "rounds", "volume", "cost_usdt", "worst_usdt", "seconds")
    return table([words.label(head) for head in heads], rows)


def _crowded(report: Report, words: _Speaker) -> Iterator[Row]:
    """Say when not everybody's round can be open at the same time."""
    amounts = [f.undertaking.plan.amount_usdt for user in report.users for f in user.forecasts]
    limit = report.settings.limits.max_total_exposure_usdt
    if amounts and sum(amounts) > limit:
        room = int(divide(limit, max(amounts)))
        yield words.row("note", words("crowded", limit=plain(limit), rounds=room))


def _obstacle(found: Found, words: _Speaker) -> Row:
    obstacle = found.obstacle
    text = ""
    if found.key is not None:
        place = "default" if found.line is None else "written"
        text = words(place, key=found.key, value=cells.name(found.value), line=found.line)
    if found.user_ids:
        text += words("for_users", users=_ids(found.user_ids))
    needed = "" if obstacle.needed is None else plain(obstacle.needed)
    said = OBSTACLES.get(obstacle.name, (f"{obstacle.name}: {{detail}}",) * 2)
    text += word(said, words.language).format(needed=needed, detail=cells.name(obstacle.detail))
    if found.needed is not None:
        text += words("would_do", needed=plain(found.needed))
    elif found.key is not None:
        text += words("nothing_would_do")
    return words.row("error", text)


def _rounds(way: Way, words: _Speaker) -> str:
    return words("never") if way.rounds is None else f"{way.rounds:,}"
