"""A status on 80 columns: the ledger, and what the limits leave."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from rich.cells import cell_len

from alphabot.cli.status_text import as_text
from alphabot.core.records import Leg, Record
from alphabot.core.standing import stake
from alphabot.core.values import FeeRate, OrderStatus, UserId
from alphabot.messages import Language
from alphabot.runtime.notice_status import NoticesStatus, NotifierStatus
from alphabot.runtime.status import Status, user_status
from tests.core.samples import KOGE, NOON_MS, fold, pair, placed, sale, settled
from tests.core.test_limits import LIMITS

FREE = FeeRate(Decimal(0), Decimal(0))
BOUGHT = settled(Leg.WORKING, "13636.36", "30", fee_base="0.36")
ENDED = settled(Leg.PENDING, "6000", "13", status=OrderStatus.CANCELED)
PAST: tuple[Record, ...] = (
    *(pair(), placed(), BOUGHT, ENDED),
    sale("1-2", quantity=Decimal(2000), sell_price=Decimal("0.0021")),
)


def status(bid: str | None = None) -> Status:
    """Return the status of one user who sold a part and offers another."""
    state, bids = fold(PAST), {} if bid is None else {KOGE: Decimal(bid)}
    user = user_status(
        UserId(1), state, stake(state, NOON_MS, bids, FREE, ()), LIMITS, NOON_MS, (), bids=bids
    )
    return Status(running=True, venue="simulated", now_ms=NOON_MS, pid=7, users=[user])


def said(of: Status, language: Language) -> str:
    """Return a status in one line, however its lines were folded."""
    return " ".join(as_text(of, language).split())


def test_the_ledger_and_the_loss_in_both_languages() -> None:
    english, chinese = said(status("0.002"), "en"), said(status("0.002"), "zh")
    ledger = "ALPHA_22: bought 13,636 = sold 6,000 + on SELLs 2,000 + on no order 5,636"
    assert ledger in english
    assert "ALPHA_22：买入 13,636 = 卖出 6,000 + 卖单上 2,000 + 未挂单 5,636" in chinese
    # Realised 6000 of 13636 for 13; on a SELL 2000 at 0.0021; the rest at the bid.
    assert "loss today 1.53 of 20, 18.47 left (0.2 realised)" in english
    assert "今日亏损 1.53 / 20，余 18.47（已实现 0.2）" in chinese


def test_what_has_no_price_is_said_to_count_as_lost() -> None:
    assert "no price" not in said(status("0.002"), "en")
    assert "(cost 12.40 USDT) counts as lost" in said(status(), "en")
    assert "未挂单部分（成本 12.40 USDT）计为亏损" in said(status(), "zh").replace("） ", "）")


def test_what_nobody_has_heard_and_how_each_notifier_does() -> None:
    notifiers = (
        NotifierStatus(name="telegram", state="delivering", delivered=7, dropped=2),
        NotifierStatus(name="slack", state="backing_off", problem="429", seconds_left=40.0),
    )
    notices = NoticesStatus(undelivered=3, notifiers=notifiers)
    of = msgspec.structs.replace(status("0.002"), notices=notices)
    english, chinese = said(of, "en"), said(of, "zh")
    assert "UNHEARD 3 notices that must be heard" in english
    assert "telegram delivers, 7 delivered, 2 dropped" in english
    assert "slack backs off for 40.0 s: 429, 0 delivered, 0 dropped" in english
    assert "3条必须送达的通知尚未送达" in chinese
    assert "slack 退避中（40.0 s）" in chinese
    assert "notifier" not in said(status("0.002"), "en")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_however_large_the_figures_no_line_is_wider(language: Language) -> None:
    (user,) = status().users
    (token,) = user.tokens
    huge = msgspec.structs.replace(
        token, bought=Decimal("1790972600123.12345678"), sold=Decimal("1790972600123.12345678")
    )
    wide = msgspec.structs.replace(user, tokens=[huge, huge])
    text = as_text(msgspec.structs.replace(status(), users=[wide]), language)
    assert max(map(cell_len, text.splitlines())) <= 80
    assert text.count("1,790,972,600,123.12345678") == 4
