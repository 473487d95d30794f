"""What a strategy does, how it ended and how it is connected, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from alphabot.core.shown_volume import Difference
from alphabot.messages import Language
from alphabot.runtime.board import Ending, State

__all__ = ["CONNECTIONS", "DIFFERENCES", "ENDINGS", "STATES", "Words", "word"]

Words = tuple[str, str]
"""The same in Chinese and in English."""

STATES: Mapping[State, Words] = {
    State.STARTING: ("启动中", "starting"),
    State.RECONCILING: ("对账中", "reconciling"),
    State.QUOTING: ("询价中", "quoting"),
    State.WAITING_TURN: ("等待轮到", "awaiting turn"),
    State.WAITING_LIMIT: ("等待限额", "awaiting limit"),
    State.WAITING_STREAM: ("等待连接", "awaiting stream"),
    State.PLACING: ("下单中", "placing"),
    State.WAITING_BUY: ("等待买单", "awaiting buy"),
    State.WAITING_SELL: ("等待卖单", "awaiting sell"),
    State.CANCELLING: ("撤单中", "cancelling"),
    State.SETTLING: ("结算中", "settling"),
    State.PAUSING: ("间隔中", "pausing"),
    State.BACKING_OFF: ("退避中", "backing off"),
    State.WAITING_DAY: ("等待次日", "waiting for the day"),
    State.PAUSED: ("已暂停", "paused"),
    State.HALTED: ("已叫停", "halted"),
    State.ENDED: ("已结束", "ended"),
}

DIFFERENCES: Mapping[Difference, Words] = {
    Difference.NONE: ("与我们的一致", "as ours"),
    Difference.MULTIPLIED: ("等于我们的乘以 mulPoint", "ours times mulPoint"),
    Difference.LATE: (
        "比成交晚一两分钟，可能已乘以 mulPoint",
        "it lags fills by one or two minutes, and may be times mulPoint",
    ),
    Difference.MORE: (
        "比我们的多：账户自己的交易、同名的其他代币或卖出也在其中",
        "more than ours: trades of your own, other tokens of that symbol, or SELLs are in it",
    ),
    Difference.LESS: (
        "比我们早已成交的还少：请核对账户",
        "less than what filled minutes ago: look at the account",
    ),
}
"""Why the exchange's own volume of today is not ours."""

ENDINGS: Mapping[Ending, Words] = {
    Ending.REACHED: ("已达目标", "target reached"),
    Ending.ALREADY_REACHED: ("此前已达目标", "already reached"),
    Ending.STOPPED: ("已停止", "stopped"),
    Ending.OPEN: ("停止，有未结", "stopped, open"),
    Ending.LATCHED: ("需要人工处理", "needs a person"),
    Ending.FAILED: ("失败", "failed"),
}

CONNECTIONS: Mapping[str, Words] = {
    "connecting": ("连接中", "connecting"),
    "live": ("已连接", "live"),
    "lost": ("已断开", "lost"),
}


def word(words: Words, language: Language) -> str:
    """Return the one of two words that is in ``language``."""
    return words[0] if language == "zh" else words[1]
