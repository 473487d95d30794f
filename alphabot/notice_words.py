"""The catalogue of notices: every title, every name of a figure, every answer in a chat.

Beside :mod:`alphabot.messages`, which has the lines of the log. A text in braces is filled in; what
is filled in is never a format itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from alphabot.core.notices import NoticeKind
from alphabot.messages import Language

__all__ = ["ANSWERS", "COMMANDS", "DRY_RUN", "ENDED", "FIGURES", "TITLES", "in_words"]

Words = tuple[str, str]
"""The same in Chinese and in English."""

TITLES: Mapping[NoticeKind, Words] = {
    NoticeKind.STARTED: ("用户{user}：策略{strategy}已开始", "User {user}: {strategy} started"),
    NoticeKind.PROGRESS: (
        "用户{user}：策略{strategy}已完成{percent}%",
        "User {user}: {strategy} is at {percent} %",
    ),
    NoticeKind.ROUND_FAILED: (
        "用户{user}：策略{strategy}有一轮失败",
        "User {user}: a round of {strategy} failed",
    ),
    NoticeKind.LATCHED: (
        "用户{user}已停止交易，需要人工处理",
        "User {user} is stopped: a person must look",
    ),
    NoticeKind.LEFTOVER: (
        "用户{user}：{subject}买入后未卖出",
        "User {user}: {subject} is bought and not sold",
    ),
    NoticeKind.STREAM_LOST: ("用户{user}：订单推送中断", "User {user}: order stream lost"),
    NoticeKind.STREAM_BACK: ("用户{user}：订单推送已恢复", "User {user}: order stream is back"),
    NoticeKind.PLUGIN_BENCHED: (
        "插件{subject}已停用，需要人工处理",
        "Plugin {subject} is benched: a person must look",
    ),
    NoticeKind.TARGET_REACHED: (
        "用户{user}：策略{strategy}已达到目标交易量",
        "User {user}: {strategy} has reached its target",
    ),
    NoticeKind.BEHIND: (
        "用户{user}：策略{strategy}今日（UTC）将达不到目标",
        "User {user}: {strategy} will not make its target of this UTC day",
    ),
    NoticeKind.VOLUME_DISAGREES: (
        "用户{user}：策略{strategy}的交易量与交易所显示的不一致",
        "User {user}: the exchange shows another volume for {strategy}",
    ),
    NoticeKind.STOPPED: ("用户{user}：策略{strategy}{ended}", "User {user}: {strategy} {ended}"),
    NoticeKind.DAILY_SUMMARY: ("{subject} 每日汇总（UTC）", "{subject}: the day in figures (UTC)"),
}

DRY_RUN: Words = ("［演练］{title}", "[dry run] {title}")

ENDED: Mapping[str, Words] = {
    "stopped": ("已停止", "was stopped"),
    "open": ("已停止，有未结", "was stopped with something open"),
    "failed": ("因错误结束，需要人工处理", "ended by an error: a person must look"),
    "service": (
        "服务因日志故障停止所有交易",
        "All trading has stopped: the journal cannot be kept",
    ),
}

FIGURES: Mapping[str, Words] = {
    "token": ("代币", "token"),
    "volume": ("交易量 / 目标", "volume / target"),
    "bought": ("买入", "bought"),
    "wear": ("损耗", "wear"),
    "rounds": ("轮次", "rounds"),
    "left": ("预计剩余", "time left"),
    "leftover": ("未卖出", "not sold"),
    "reason": ("原因", "why"),
    "held": ("持有", "held"),
    "open": ("未结订单", "open"),
    "clears": ("处理方法", "what to do"),
    "total": ("合计", "total"),
    "more": ("其余用户", "other users"),
    "merged": ("合并的通知", "notices in this one"),
    "user": ("用户{user}", "user {user}"),
    "day": ("{volume} USDT，损耗{wear} USDT（{bp} bp），{rounds}轮",
            "{volume} USDT, wear {wear} USDT ({bp} bp), {rounds} rounds"),
    "hours": ("{hours}小时{minutes}分", "{hours} h {minutes} min"),
    "minutes": ("{minutes}分", "{minutes} min"),
}  # fmt: skip

COMMANDS: Mapping[str, Words] = {
    "/status": ("在做什么、等什么", "what is being done"),
    "/volume": ("交易量与目标", "volume and target"),
    "/wear": ("损耗", "what it cost"),
    "/pause": ("暂停新的轮次", "begin no new round"),
    "/resume": ("恢复", "go on"),
    "/drain": ("做完当前轮次后结束", "finish the round, then end"),
    "/stop": ("在宽限时间内停止", "stop within the grace"),
    "/clear": ("解除停止状态（须写用户）", "let a stopped user start anew (name the user)"),
    "/help": ("本说明", "this"),
}
"""In the order in which help lists them."""

ANSWERS: Mapping[str, Words] = {
    "help": ("可加用户和策略，例如 /pause 2 koge", "With a user and a strategy: /pause 2 koge"),
    "unknown": ("没有这个命令", "No such command"),
    "nobody": ("没有这样的用户或策略", "No such user or strategy"),
    "which_user": ("请写明用户，例如 /clear 2", "Name the user: /clear 2"),
    "nothing_to_clear": ("用户{user}没有需要解除的状态", "User {user} has nothing to clear"),
    "confirm": ("确认执行 {command}？{whom}（{seconds}秒内有效）",
                "{command} for {whom}? (valid for {seconds} s)"),
    "confirm_clear": ("用户{user}因“{reason}”停止。确认解除？（{seconds}秒内有效）",
                      "User {user} is stopped: {reason}. Clear it? (valid for {seconds} s)"),
    "whom": ("用户{users}", "user {users}"),
    "expired": ("确认已失效，请重新发送命令", "No longer valid: send the command again"),
    "done": ("已执行 {command}：{whom}", "{command}: done for {whom}"),
    "ended_before": ("{whom} 早已结束，{command} 仅在 /clear 之后生效",
                     "{whom} ended before: {command} holds only after a /clear"),
    "cleared": ("用户{user}已解除", "User {user} is cleared"),
    "anew": ("用户{user}已解除，重新开始交易", "User {user} is cleared and starts anew"),
    "changed": ("用户{user}的状态已变化，请重新查看",
                "User {user} is stopped by something else by now: look again"),
    "failed": ("执行失败，请查看日志", "That failed: see the log"),
    "dry_run": ("演练：价格真实，账户和成交均为模拟", "Dry run: real prices, simulated accounts"),
    "halted": ("已全面叫停：{reason}", "Halted: {reason}"),
    "latched": ("用户{user}已停止：{reason}", "User {user} is stopped: {reason}"),
    "status": ("用户{user} {strategy}：{doing}，{percent}%",
               "User {user} {strategy}: {doing}, {percent} %"),
    "volume": ("用户{user} {strategy}：{credited} / {target}，买入{bought} USDT，{rounds}轮",
               "User {user} {strategy}: {credited} / {target}, bought {bought} USDT,"
               " {rounds} rounds"),
    "wear": ("用户{user} {strategy}：{wear} USDT（{bp} bp）",
             "User {user} {strategy}: {wear} USDT ({bp} bp)"),
    "more": ("另有{count}行", "and {count} more"),
}  # fmt: skip


def in_words(words: Words, language: Language, /, **filled: object) -> str:
    """Return the one that is in ``language``, with its braces filled in."""
    return (words[0] if language == "zh" else words[1]).format(**filled)
