"""From an event to a notice: the words, and the figures a person wants, in their order.

Pure: the same event in the same language is the same notice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from alphabot.core.coalescing import Waiting
from alphabot.core.events import DayOfUser, Event, Figures
from alphabot.core.exact import ZERO, floor_places, plain, round_half_up
from alphabot.core.notices import Notice, NoticeKind
from alphabot.messages import Language
from alphabot.notice_words import DRY_RUN, ENDED, FIGURES, TITLES, in_words

__all__ = ["bp", "notice_of", "percent", "told_together", "usdt"]

USERS_SHOWN_MAX = 20
"""In a daily summary; the others are one line."""
Figure = tuple[str, str]


def notice_of(event: Event, language: Language, *, dry_run: bool = False) -> Notice:
    """Return what people are told of an event; of one that cost nobody anything, marked so."""
    title = _title(event, language)
    return Notice(
        kind=event.kind,
        cause=event.cause,
        at_ms=event.at_ms,
        title=in_words(DRY_RUN, language, title=title) if dry_run else title,
        figures=tuple(_figures(event, language)),
        progress=event.figures.share if event.figures is not None else None,
        needs_human=event.needs_human,
        user_id=event.user_id,
        strategy_id=event.strategy_id,
    )


def told_together(waiting: Waiting, language: Language) -> tuple[Figure, ...]:
    """Return the figures of a notice that stands for others, with what they would have said."""
    notice = waiting.notice
    if not waiting.merged:
        return notice.figures
    others = tuple((str(other.strategy_id), other.title) for other in waiting.others)
    return (*notice.figures, *others, (_name("merged", language), str(waiting.merged + 1)))


def usdt(amount: Decimal) -> str:
    """Return an amount of money as a person reads it, without its unit."""
    return plain(round_half_up(amount, 2))


def bp(wear_usdt: Decimal, volume_usdt: Decimal) -> str:
    """Return wear in basis points of a volume."""
    return plain(round_half_up(wear_usdt / volume_usdt * 10000 if volume_usdt else ZERO, 1))


def percent(credited: Decimal, target: Decimal) -> str:
    """Return how much of a target is credited: all of it only when it is, and never more."""
    share = min(Decimal(100), credited / target * 100) if target else Decimal(100)
    return plain(floor_places(share, 1))


def _title(event: Event, language: Language) -> str:
    if event.user_id is None and event.kind is NoticeKind.STOPPED:
        return in_words(ENDED["service"], language)
    figures = event.figures
    return in_words(
        TITLES[event.kind],
        language,
        user=event.user_id,
        strategy=event.strategy_id,
        subject=event.subject,
        percent=percent(figures.credited, figures.target) if figures is not None else "-",
        ended=in_words(ENDED[event.subject], language) if event.subject in ENDED else "",
    )


def _figures(event: Event, language: Language) -> Iterator[Figure]:
    for name in ("reason", "held", "open", "clears"):
        if said := getattr(event, name):
            yield _name(name, language), said
    if event.figures is not None:
        yield from _standing(event.figures, language)
    yield from _days(event.days, language)


def _standing(figures: Figures, language: Language) -> Iterator[Figure]:
    yield _name("token", language), figures.token
    share = percent(figures.credited, figures.target)
    amounts = f"{usdt(figures.credited)} / {usdt(figures.target)} USDT ({share} %)"
    yield _name("volume", language), amounts
    yield _name("bought", language), f"{usdt(figures.volume_usdt)} USDT"
    wear = f"{usdt(figures.wear_usdt)} USDT ({bp(figures.wear_usdt, figures.volume_usdt)} bp)"
    yield _name("wear", language), wear
    yield _name("rounds", language), str(figures.rounds)
    if figures.leftover > 0:
        yield _name("leftover", language), f"{plain(figures.leftover)} {figures.token}"
    if figures.seconds_left:
        yield _name("left", language), _duration(figures.seconds_left, language)


def _days(days: Sequence[DayOfUser], language: Language) -> Iterator[Figure]:
    told = list(days)
    for day in told[:USERS_SHOWN_MAX]:
        yield in_words(FIGURES["user"], language, user=day.user_id), _day([day], language)
    if rest := told[USERS_SHOWN_MAX:]:
        yield f"{_name('more', language)} ({len(rest)})", _day(rest, language)
    if len(told) > 1:
        yield _name("total", language), _day(told, language)


def _day(days: list[DayOfUser], language: Language) -> str:
    volume = sum((day.volume_usdt for day in days), ZERO)
    wear = sum((day.wear_usdt for day in days), ZERO)
    return in_words(
        FIGURES["day"],
        language,
        volume=usdt(volume),
        wear=usdt(wear),
        bp=bp(wear, volume),
        rounds=sum(day.rounds for day in days),
    )


def _duration(seconds: float, language: Language) -> str:
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return in_words(FIGURES["minutes"], language, minutes=minutes)
    return in_words(FIGURES["hours"], language, hours=minutes // 60, minutes=minutes % 60)


def _name(key: str, language: Language) -> str:
    return in_words(FIGURES[key], language)
