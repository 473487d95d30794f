"""The words of the screen and of the final table, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from alphabot.messages import Language
from alphabot.runtime.board import Ending, State

__all__ = ["CONNECTIONS", "ENDINGS", "LABELS", "STATES", "Words", "word"]

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
    State.PAUSED: ("已暂停", "paused"),
    State.HALTED: ("已叫停", "halted"),
    State.ENDED: ("已结束", "ended"),
}

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

LABELS: Mapping[str, Words] = {
    "user": ("用户", "user"),
    "strategy": ("策略", "strategy"),
    "token": ("代币", "token"),
    "progress": ("进度", "progress"),
    "volume": ("交易量 / 目标", "volume / target"),
    "rounds": ("轮次", "rounds"),
    "percent": ("", ""),
    "wear": ("损耗 USDT", "wear USDT"),
    "bp": ("基点", "bp"),
    "state": ("状态", "state"),
    "connection": ("连接", "stream"),
    "failed": ("失败", "failed"),
    "credited": ("计入 USDT", "credited USDT"),
    "raw": ("买入 USDT", "bought USDT"),
    "exchange": ("交易所 USDT", "exchange USDT"),
    "round_time": ("平均用时", "round time"),
    "leftover": ("剩余代币", "leftover"),
    "ending": ("结果", "how it ended"),
    "total": ("合计", "total"),
    "hidden": ("另有 {count} 行", "and {count} more"),
}


def word(words: Words, language: Language) -> str:
    """Return the one of two words that is in ``language``."""
    return words[0] if language == "zh" else words[1]
