"""What ``alphabot check`` found, in words of both languages, for 80 columns.

Names of tokens and strategies come from outside: they are shown as text, never as markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from alphabot.cli import cells
from alphabot.cli.check_figures import Found, Report
from alphabot.cli.check_words import LABELS, OBSTACLES, SENTENCES
from alphabot.cli.words import word
from alphabot.core.exact import divide, plain, round_half_up
from alphabot.core.forecast import Forecast, Slowest, UserForecast, Way
from alphabot.core.limit_rules import reference_price
from alphabot.core.limit_values import Limits
from alphabot.core.obstacles import dust_bp, round_loss_percent
from alphabot.core.round_trip import basis_points
from alphabot.core.values import Quote
from alphabot.messages import Language
from alphabot.wiring import Prospect

__all__ = ["WIDTH", "as_text"]

WIDTH = 80
_LABEL_CELLS = 8
_USERS_NAMED_MAX = 8


def as_text(report: Report) -> str:
    """Return the report as lines of at most :data:`WIDTH` cells."""
    say = _Speaker(report.settings.language)
    blocks: list[RenderableType] = [Text(say("head", exchange=_exchange(report, say)))]
    for prospect in report.prospects:
        blocks += [Text(), Text(_heading(prospect, say)), _rows(_strategy(report, prospect, say))]
    if report.users:
        blocks += [Text(), _users(report.users, report.settings.limits, say)]
    of_all = [found for found in report.obstacles if found.strategy_id is None]
    rows = [*_crowded(report, say), *(_obstacle(found, say) for found in of_all)]
    verdict = say("bad" if report.obstacles else "good", count=len(report.obstacles))
    blocks += [_rows(rows), Text(), Text(verdict)]
    # Whatever the environment says of the terminal, this is text.
    console = Console(force_terminal=False, color_system=None, width=WIDTH, highlight=False)
    with console.capture() as capture:
        console.print(Group(*blocks))
    return "\n".join(line.rstrip() for line in capture.get().rstrip().splitlines())


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    body: RenderableType


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

    def row(self, label: str, sentence: str) -> _Row:
        """Return a labelled sentence."""
        return _Row(self.label(label), Text(sentence))


def _exchange(report: Report, say: _Speaker) -> str:
    url = report.settings.exchange.rest_url
    return say("elsewhere", url=url) if url else say("embedded")


def _heading(prospect: Prospect, say: _Speaker) -> str:
    strategy, token = prospect.settings, prospect.instrument.token
    users = say(
        "one_user" if len(strategy.user_ids) == 1 else "users", users=_ids(strategy.user_ids)
    )
    return say(
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


def _strategy(report: Report, prospect: Prospect, say: _Speaker) -> Iterator[_Row]:
    yield say.row("price", _price(prospect.quote, say))
    forecast = report.forecast_of(prospect)
    if forecast is not None:
        yield from _forecast(report, prospect, forecast, say)
    for found in report.obstacles:
        if found.strategy_id == prospect.settings.strategy_id:
            yield _obstacle(found, say)


def _price(quote: Quote, say: _Speaker) -> str:
    spread = basis_points(quote.ask - quote.bid, reference_price(quote))
    prices = {"last": quote.last, "bid": quote.bid, "ask": quote.ask}
    shown = {name: plain(price) for name, price in prices.items()}
    return say("price", spread=cells.bp(spread), **shown)


def _forecast(
    report: Report, prospect: Prospect, forecast: Forecast, say: _Speaker
) -> Iterator[_Row]:
    strategy, undertaking = prospect.settings, forecast.undertaking
    plan, trip, way = undertaking.plan, undertaking.trip, forecast.way
    yield say.row(
        "round",
        say(
            "round",
            buy=plain(plan.buy_price),
            sell=plain(plan.sell_price),
            pricing=strategy.pricing,
            amount=cells.usdt(plan.amount_usdt),
            bought=cells.usdt(trip.bought_usdt),
        ),
    )
    yield say.row(
        "target",
        say(
            "target",
            target=cells.usdt(undertaking.target_volume),
            rounds=_rounds(way, say),
            credited=cells.usdt(way.credited),
            basis=strategy.volume_basis,
            multiplier=way.multiplier,
            mul_point=prospect.instrument.token.mul_point,
        ),
    )
    if len(forecast.ways) > 1:
        yield _Row("", _ways(forecast, say))
    yield from _money(report, prospect, forecast, say)
    yield say.row("time", _time(report, forecast, say))
    pace = forecast.pace
    if pace.users_at_once is not None and pace.users_a_day is not None:
        counts = {"at_once": f"{pace.users_at_once:,}", "a_day": f"{pace.users_a_day:,}"}
        yield say.row("turn", say("turn", **counts))
    for key, tokens in (("waiting", trip.waiting), ("unsold", trip.unsold)):
        if tokens:
            yield say.row("note", say(key, tokens=plain(tokens)))


def _money(report: Report, prospect: Prospect, forecast: Forecast, say: _Speaker) -> Iterator[_Row]:
    undertaking, way, limits = forecast.undertaking, forecast.way, report.settings.limits
    trip, rounds = undertaking.trip, forecast.way.rounds or 0
    yield say.row(
        "cost",
        say(
            "cost",
            volume=cells.usdt(way.volume_usdt),
            cost=cells.usdt(way.cost_usdt),
            bp=cells.bp(trip.cost_bp),
            spread=cells.usdt(trip.spread_usdt * rounds),
            fees=cells.usdt(trip.fees_usdt * rounds),
            dust=cells.usdt(trip.dust_usdt * rounds),
        ),
    )
    held = say("worst_held", limit=plain(limits.max_daily_loss_usdt))
    percent = round_loss_percent(undertaking.plan, undertaking.instrument)
    worst = say(
        "worst",
        round=cells.usdt(undertaking.worst_usdt),
        percent=cells.usdt(percent),
        all=cells.usdt(way.worst_usdt),
    )
    too_much = way.worst_usdt > limits.max_daily_loss_usdt
    yield say.row("worst", worst + held if too_much else worst)
    yield say.row(
        "dust",
        say(
            "dust",
            dust=plain(round_half_up(trip.dust, 8)),
            token=cells.name(prospect.instrument.token.name),
            bp=cells.bp(dust_bp(undertaking.plan, undertaking.instrument)),
            limit=plain(limits.max_dust_bp),
        ),
    )


def _time(report: Report, forecast: Forecast, say: _Speaker) -> str:
    pace = forecast.pace
    text = say(
        "time",
        time=cells.seconds(pace.seconds),
        round=f"{report.round_seconds:g}",
        pause=f"{forecast.undertaking.interval_seconds:g}",
    )
    match pace.slowest:
        case Slowest.TURN:
            return text + say("slowed_by_turn")
        case Slowest.ORDERS:
            orders = report.settings.limits.max_orders_per_minute
            return text + say("slowed_by_orders", orders=orders)
        case Slowest.ITSELF:
            return text


def _ways(forecast: Forecast, say: _Speaker) -> Table:
    """Return what each multiplier rule would mean, the chosen one marked."""
    rows = [
        (
            f"{way.multiplier} *" if way is forecast.way else way.multiplier,
            cells.usdt(way.credited),
            _rounds(way, say),
            cells.usdt(way.volume_usdt),
            cells.usdt(way.cost_usdt),
            cells.usdt(way.worst_usdt),
        )
        for way in forecast.ways
    ]
    heads = ("multiplier", "credited", "rounds", "volume", "cost_usdt", "worst_usdt")
    return _table([say.label(head) for head in heads], rows)


def _users(users: Sequence[UserForecast], limits: Limits, say: _Speaker) -> Table:
    rows = [
        (
            str(user.user_id),
            str(len(user.forecasts)),
            f"{user.rounds:,}",
            cells.usdt(user.volume_usdt),
            cells.usdt(user.cost_usdt),
            cells.usdt(user.worst_held_usdt(limits)),
            cells.seconds(user.seconds),
        )
        for user in users
    ]
    heads = ("user", "strategies", "rounds", "volume", "cost_usdt", "worst_usdt", "seconds")
    return _table([say.label(head) for head in heads], rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _rows(rows: Sequence[_Row] | Iterator[_Row]) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(min_width=_LABEL_CELLS)
    grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(row.label, row.body)
    return Padding(grid, (0, 0, 0, 2))


def _crowded(report: Report, say: _Speaker) -> Iterator[_Row]:
    """Say when not everybody's round can be open at the same time."""
    amounts = [f.undertaking.plan.amount_usdt for user in report.users for f in user.forecasts]
    limit = report.settings.limits.max_total_exposure_usdt
    if amounts and sum(amounts) > limit:
        room = int(divide(limit, max(amounts)))
        yield say.row("note", say("crowded", limit=plain(limit), rounds=room))


def _obstacle(found: Found, say: _Speaker) -> _Row:
    obstacle = found.obstacle
    text = ""
    if found.key is not None:
        place = "default" if found.line is None else "written"
        text = say(place, key=found.key, value=cells.name(found.value), line=found.line)
    if found.user_ids:
        text += say("for_users", users=_ids(found.user_ids))
    needed = "" if obstacle.needed is None else plain(obstacle.needed)
    words = OBSTACLES.get(obstacle.name, (f"{obstacle.name}: {{detail}}",) * 2)
    detail = cells.name(obstacle.detail)
    text += word(words, say.language).format(needed=needed, detail=detail)
    if found.needed is not None:
        text += say("would_do", needed=plain(found.needed))
    elif found.key is not None:
        text += say("nothing_would_do")
    return _Row(say.label("error"), Text(text))


def _rounds(way: Way, say: _Speaker) -> str:
    return say("never") if way.rounds is None else f"{way.rounds:,}"
