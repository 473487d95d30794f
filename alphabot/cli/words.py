"""The words of the screen and of the final table, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from alphabot.runtime.words import CONNECTIONS, DIFFERENCES, ENDINGS, STATES, Words, word

__all__ = ["CONNECTIONS", "DIFFERENCES", "DRY_RUN", "ENDINGS", "LABELS", "STATES", "Words", "word"]

DRY_RUN: Words = (
    "演练：行情真实，账户与成交均为模拟，没有任何订单发往交易所。",
    "DRY RUN: real prices, simulated accounts and fills; no order reached the exchange.",
)
"""Stands wherever somebody might take the figures for real ones."""

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
    "shown": (
        "交易所显示用户 {user} 今日 {token} 交易量 {shown} USDT：{why}",
        "exchange's figure for today, user {user}, {token}: {shown} USDT, {why}",
    ),
    "leftover": ("剩余代币", "leftover"),
    "ending": ("结果", "how it ended"),
    "total": ("合计", "total"),
    "hidden": ("另有 {count} 行", "and {count} more"),
}
