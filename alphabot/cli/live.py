"""``alphabot run --live``: consent before the first real order of these users and limits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from alphabot.errors import ConfigError

if TYPE_CHECKING:
    from alphabot.cli.words import Words
    from alphabot.config import Settings
    from alphabot.messages import Language
    from alphabot.wiring.consent import Terms
    from alphabot.wiring.live import LiveRun

__all__ = ["run_live"]

_TERMS: Words = (
    """实盘交易，订单会动用真实资金。
交易所：{exchange}
用户：{users}
一、交易所没有公开这些交易接口，并已宣布在其积分活动中自动交易违反条款，账户可能因此受限。
二、每一轮都要付手续费和点差，交易量不是利润。
最坏情况：每个用户每个 UTC 日最多亏 {day} USDT，全部用户合计 {all_day} USDT；\
单轮最多亏其金额的 {round}%；同时占用每用户最多 {exposure} USDT、合计最多 {total} USDT，\
其中未卖出的代币还可能继续跌。alphabot check 给出当前行情下的估算。""",
    """This is live: the orders move real money.
Exchange: {exchange}
Users: {users}
1. The exchange does not document these trading endpoints, and has announced that automated trading
   in its points programme breaks its terms. An account may be restricted for it.
2. Every round costs two fees and the spread. Volume is not profit.
At worst: {day} USDT are lost per user and UTC day, {all_day} USDT by all users together; {round} %
of a round's amount in one round; {exposure} USDT per user and {total} USDT in all are in use at
once, and tokens that are not sold may fall further. alphabot check reckons with today's market.""",
)
_OWN_TERMS: Words = (
    """
用户 {user} 另有限额：每日 {day} USDT，单轮 {round}%，占用 {exposure} USDT，合计 {total} USDT。""",
    """
User {user} has limits of its own: {day} USDT a day, {round} % of a round, {exposure} USDT in use,
{total} USDT in all.""",
)
_QUESTION: Words = ("同意请输入 {phrase} ：", "To agree, type {phrase} : ")
_PHRASE = "live {users}"


async def run_live(
    settings: Settings, only: Sequence[str], *, flag: bool, known: bool, json: bool
) -> int:
    """Trade on the real exchange; ``known`` is the consent of whoever started it unattended.

    Raises ConfigError, before the exchange is asked for anything, for whatever is missing.
    """
    from alphabot.cli.pasting import passphrase
    from alphabot.cli.session import conduct
    from alphabot.cli.users_words import SAID
    from alphabot.cli.words import word
    from alphabot.runtime.board import Board
    from alphabot.runtime.stop import Stop
    from alphabot.wiring.live import open_live

    ask = partial(passphrase, word(SAID["passphrase"], settings.language))
    with open_live(settings, only, ask, flag=flag) as run:
        if not run.agreed:
            _get_consent(run, settings.language, known=known)
        board, stop = Board(), Stop(settings.grace_seconds)
        trade = partial(run.trade, stop=stop, board=board)
        return await conduct(trade, board=board, stop=stop, language=settings.language, json=json)


def _get_consent(run: LiveRun, language: Language, *, known: bool) -> None:
    """Show the terms, have them agreed to and remember that; raises ConfigError if they are not."""
    import sys

    from alphabot.cli.words import word

    # Standard output may be for JSON.
    sys.stderr.write(_told(run.terms, language) + "\n")
    if not known:
        phrase = _PHRASE.format(users=len(run.terms.users))
        if not sys.stdin.isatty():
            raise ConfigError(
                "nobody has agreed to trade live for these users within these limits yet",
                hint="start it once on a terminal, or say --yes-i-know",
            )
        sys.stderr.write(word(_QUESTION, language).format(phrase=phrase))
        sys.stderr.flush()
        if sys.stdin.readline().strip().casefold() != phrase:
            raise ConfigError(f"{phrase!r} was expected; nothing was started")
    run.agree()


def _told(terms: Terms, language: Language) -> str:
    from alphabot.cli import cells
    from alphabot.cli.words import word

    limits = terms.limits
    return word(_TERMS, language).format(
        exchange=cells.name(", ".join(terms.hosts)),
        users=", ".join(f"{user_id} ({cells.name(name)})" for user_id, name in terms.users),
        day=cells.usdt(limits.max_daily_loss_usdt),
        all_day=cells.usdt(terms.worst_day_usdt),
        round=limits.max_round_loss_percent,
        exposure=cells.usdt(limits.max_exposure_usdt),
        total=cells.usdt(limits.max_total_exposure_usdt),
    ) + "".join(
        word(_OWN_TERMS, language).format(
            user=user_id,
            day=cells.usdt(own.max_daily_loss_usdt),
            round=own.max_round_loss_percent,
            exposure=cells.usdt(own.max_exposure_usdt),
            total=cells.usdt(own.max_total_exposure_usdt),
        )
        for user_id, own in terms.own_limits.items()
    )
