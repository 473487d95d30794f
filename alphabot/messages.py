"""The catalogue: every line the log may hold, its level and its words in both languages.

To add a line, add a key here and call ``say("the.key", field=value)``. A text is constant: what
varies is a field, which :mod:`alphabot.log` puts behind it as ``, name=value`` (so a text itself
has no comma of that kind). Fields named in ``first`` lead, in that order; whatever else the
caller gives follows.

The Chinese texts of ``_ORIGINAL`` are kept to the letter, and so is the order of their fields:
people search their logs for them.
"""

from __future__ import annotations

from collections.abc import Mapping

from alphabot.message import Language, Level, Message

__all__ = ["CATALOGUE", "UNITS", "Language", "Level", "Message"]

UNITS: Mapping[str, str] = {"progress": "%"}
"""What follows the number of a field of this name, in whatever line it stands."""

_ORIGINAL: Mapping[str, Message] = {
    "strategy.started": Message("INFO", "策略开始执行", "Strategy started", ("strategy_id",)),
    "stream.connected": Message(
        "INFO", "WebSocket连接已建立", "WebSocket connection established", ("user_id",)
    ),
    "token.mul_point": Message(
        "INFO", "代币交易量倍数", "Volume multiplier of the token", ("token", "mul_point")
    ),
    "pair.placed": Message("INFO", "OTO订单下单成功", "OTO pair placed", ("working_order_id",)),
    "buy.waiting": Message("INFO", "等待买单成交", "Waiting for the buy to fill", ("order_id",)),
    "order.updated": Message("INFO", "订单状态更新", "Order updated", ("order_id", "status")),
    "buy.filled": Message("INFO", "买单已成交", "Buy filled", ("order_id",)),
    "sell.waiting": Message("INFO", "等待卖单成交", "Waiting for the sell to fill", ("order_id",)),
    "sell.filled": Message("INFO", "卖单已成交", "Sell filled", ("order_id",)),
    "pair.filled": Message(
        "INFO",
        "OTO订单完全成交",
        "OTO pair filled completely",
        ("amount", "filled", "mul_point", "real_trade_volume"),
    ),
    "trade.succeeded": Message("INFO", "交易成功", "Trade succeeded", ("trade_volume", "progress")),
}

_STRATEGIES: Mapping[str, Message] = {
    "strategy.resumed": Message(
        "INFO", "策略从日志记录处继续", "Strategy carries on where the journal ends"
    ),
    "strategy.target_reached": Message("INFO", "已达到目标交易量", "Target volume reached"),
    "strategy.already_reached": Message(
        "INFO", "目标交易量此前已达到，无需交易", "Target volume was already reached: nothing to do"
    ),
    "strategy.day_reached": Message(
        "INFO",
        "已达到今日（UTC）目标，等待次日",
        "The target of this UTC day is reached: waiting for the next",
    ),
    "volume.shown": Message(
        "INFO", "交易所自己显示的今日交易量", "The exchange's own figure of today's volume"
    ),
    "volume.disagrees": Message(
        "WARNING", "交易所显示的今日量不符", "The exchange's volume disagrees"
    ),
    "strategy.behind": Message("WARNING", "今日将达不到目标", "The day's target will be missed"),
    "strategy.before_start": Message(
        "INFO", "尚未到开始时间（UTC），等待", "Waiting for the time of day (UTC) to begin at"
    ),
    "strategy.stopped": Message("INFO", "策略已停止", "Strategy stopped"),
    "strategy.failed": Message("ERROR", "策略执行失败", "Strategy failed"),
    "round.skipped": Message("WARNING", "跳过本轮", "Round skipped"),
    "round.failed": Message("WARNING", "本轮失败", "Round failed"),
    "limit.refused": Message(
        "WARNING", "限额不允许下单", "A limit does not allow the order", ("limit", "detail")
    ),
}

_ORDERS: Mapping[str, Message] = {
    "request.refused": Message(
        "WARNING", "交易所拒绝请求", "The exchange refused the request", ("code", "message")
    ),
    "request.unknown": Message(
        "WARNING",
        "请求结果未知，核实前不再下单",
        "Outcome of the request is unknown: no order until it is settled",
    ),
    "request.not_sent": Message("WARNING", "请求未发出", "The request was not sent"),
    "request.read_failed": Message("WARNING", "查询失败", "A query failed"),
    "buy.timeout": Message("WARNING", "买单超时未成交", "The buy did not fill in time"),
    "sell.timeout": Message("WARNING", "卖单超时未成交", "The sell did not fill in time"),
    "order.waited": Message(
        "INFO", "等待期已过，撤单后重新定价", "The planned wait is over: priced anew", ("seconds",)
    ),
    "sell.lower": Message(
        "WARNING",
        "卖单超时未成交，撤单后降价再卖",
        "The sell did not fill in time: it is offered lower",
    ),
    "cancel.sent": Message("INFO", "已请求撤单，等待交易所确认", "Cancellation requested"),
    "cancel.failed": Message("WARNING", "撤单请求失败", "The cancellation was not accepted"),
    "leftover.kept": Message("WARNING", "有未卖出的代币", "Bought and not sold"),
    "leftover.selling": Message("INFO", "正在卖出剩余代币", "Selling what was left over"),
    "leftover.sold": Message("INFO", "剩余代币已卖出", "What was left over is sold"),
    "reconcile.started": Message("INFO", "开始与交易所对账", "Reconciling with the exchange"),
    "reconcile.orphan": Message(
        "INFO", "核实其他策略留下的订单", "Settling what another strategy left open"
    ),
    "reconcile.matched": Message("INFO", "已找到对应订单", "The order was found"),
    "reconcile.absent": Message("INFO", "已证实订单不存在", "The order is proven not to exist"),
    "reconcile.settled": Message("INFO", "对账完成", "Reconciled"),
    "wallet.mismatch": Message(
        "WARNING",
        "钱包与账本不一致，核实前不再下单",
        "Wallet and ledger differ: no order until they agree",
    ),
    "wallet.usdt_changed": Message(
        "WARNING",
        "USDT余额有我们的订单之外的变动",
        "USDT has changed by more than our orders explain",
    ),
    "reconcile.unresolved": Message(
        "ERROR", "对账未能确定结果，需要人工处理", "Could not be reconciled: a person must look"
    ),
}

_USERS: Mapping[str, Message] = {
    "stream.lost": Message("WARNING", "WebSocket连接中断", "WebSocket connection lost"),
    "stream.silent": Message(
        "WARNING",
        "WebSocket未推送订单变动，重新连接",
        "The stream kept silent about an order: reconnecting",
    ),
    "stream.back": Message("INFO", "WebSocket连接已恢复", "WebSocket connection is back"),
    "stream.unavailable": Message(
        "ERROR", "无法建立WebSocket连接，不进行交易", "No WebSocket connection: nothing is traded"
    ),
    "user.latched": Message(
        "ERROR", "用户已停止交易，需要人工处理", "User stopped: a person must clear it"
    ),
    "user.still_latched": Message(
        "ERROR", "用户仍处于停止状态，需要人工处理", "User is still stopped: a person must clear it"
    ),
    "user.stands_by": Message(
        "WARNING",
        "该用户不在本次运行中，但仍有持仓或未结束的订单，计入总敞口与自成交保护",
        "User does not trade in this run: what it holds and has open counts in the limits",
    ),
    "user.damaged": Message(
        "ERROR",
        "用户的交易日志有损坏的记录，该用户不再交易，其他用户照常；"
        "请停止程序后放回 .alphabot 文件夹的完好副本，或用 alphabot journal verify 查看",
        "Records of a user are damaged: this user trades no more while the others do. Stop alphabot"
        " and put a sound copy of the folder .alphabot back or look with alphabot journal verify",
        ("user_id", "record"),
    ),
    "user.failed": Message("ERROR", "用户任务异常终止", "User ended by an error"),
    "user.disabled": Message(
        "WARNING", "用户已停用，本次不交易", "User is disabled and not traded for"
    ),
}

_STEERING: Mapping[str, Message] = {
    "user.cleared": Message("INFO", "用户的停止状态已由人工解除", "A person cleared this user"),
    "user.session_replaced": Message("INFO", "用户的会话已更换", "This user has a new session"),
    "service.halted": Message(
        "ERROR", "已全面叫停，任何订单都不会发出", "Halted: no order of anyone leaves", ("reason",)
    ),
    "service.halt_lifted": Message(
        "WARNING", "叫停已解除，恢复下单", "The halt is lifted: orders may leave again"
    ),
    "loop.stalled": Message(
        "ERROR",
        "事件循环被阻塞，期间不会发出任何订单",
        "The loop is stalled: no order leaves meanwhile",
        ("file", "line", "function"),
    ),
    "loop.came_round": Message(
        "WARNING",
        "进程曾停顿，重新连接并对账后才会下单",
        "This process stood still: no order until all is connected anew and reconciled",
        ("seconds",),
    ),
    "control.asked": Message("INFO", "收到操作指令", "A person asked", ("command",)),
    "control.unavailable": Message(
        "WARNING",
        "控制套接字不可用，status 等命令无法使用，交易继续",
        "No control socket: status and its like do not work; trading goes on",
    ),
    "control.stranger": Message(
        "WARNING", "拒绝了其他用户的控制连接", "Another user's process was turned away"
    ),
    "control.failed": Message("ERROR", "控制指令处理出错", "A question could not be answered"),
}

_SERVICE: Mapping[str, Message] = {
    "accounts.simulated": Message(
        "INFO",
        "演练：行情真实，账户与成交均为模拟，没有任何订单发往交易所",
        "Dry run with real prices: accounts and fills are simulated; no order reaches the exchange",
        ("new_account_usdt",),
    ),
    "service.started": Message("INFO", "服务已启动", "Service started", ("mode",)),
    "service.ended": Message("INFO", "服务已结束", "Service ended"),
    "journal.opened": Message("INFO", "交易日志已打开", "Journal opened"),
    "journal.folded": Message("INFO", "旧记录已折叠", "Old records were folded away"),
    "journal.not_folded": Message(
        "WARNING", "旧记录暂未折叠", "Old records were not folded away this time"
    ),
    "credit.owed": Message(
        "WARNING",
        "倍数规则出错，成交量暂未计入",
        "The multiplier rule failed: the volume is not credited yet",
    ),
    "plugin.failed": Message("WARNING", "插件出错", "A plugin failed", ("plugin",)),
    "plugin.benched": Message(
        "ERROR",
        "插件屡次出错，不再使用",
        "A plugin failed too often and is asked no more",
        ("plugin",),
    ),
    "plugin.used": Message("INFO", "策略使用插件", "A plugin's rule is used", ("plugin",)),
    "plugin.refused": Message("ERROR", "插件未启用", "A plugin is not used", ("plugin",)),
    "stop.requested": Message(
        "INFO",
        "收到停止请求，等待进行中的工作结束",
        "Stop requested: what is under way may end",
    ),
    "stop.now": Message(
        "WARNING",
        "立即停止，未完成的订单留待下次启动核实",
        "Stopping now: the next start reconciles",
    ),
    "screen.failed": Message(
        "ERROR", "界面无法显示，交易继续", "The screen failed: trading goes on without it"
    ),
    "program.failed": Message("ERROR", "程序异常终止", "The program ended by an error"),
}

_NOTICES: Mapping[str, Message] = {
    "notices.failed": Message(
        "ERROR", "通知无法生成，交易继续", "A notice could not be composed: trading goes on"
    ),
    "outbox.failed": Message(
        "ERROR",
        "通知无法写入发件箱，仅在本次运行中重试，交易继续",
        "The outbox cannot be written: notices are tried in this run alone and trading goes on",
    ),
    "notifier.failed": Message(
        "WARNING", "通知未送达，稍后重试", "Not delivered: it is tried again", ("notifier",)
    ),
    "notifier.pointless": Message(
        "ERROR",
        "通知无法送达，重试没有意义，请检查插件设置",
        "Never to be delivered as it is: look at the plugin's settings",
        ("notifier",),
    ),
    "notifier.missing": Message(
        "ERROR",
        "没有该通知方式，不会通知",
        "No such notifier: nothing is told by it",
        ("notifier",),
    ),
    "notifier.back": Message("INFO", "通知恢复送达", "Notices are delivered again", ("notifier",)),
    "notifier.dropped": Message(
        "WARNING", "等待的通知过多，丢弃较早的", "Too many notices wait: the oldest are dropped"
    ),
    "notifier.deaf": Message(
        "WARNING", "聊天监听中断，稍后重试", "The chat is not listened to: it is tried again"
    ),
    "chat.stranger": Message(
        "WARNING", "不认识的聊天用户，不予回答", "An unknown sender in a chat: nothing is answered"
    ),
    "chat.confirmed": Message("INFO", "聊天指令已确认", "Confirmed in a chat", ("command",)),
}

_LOG: Mapping[str, Message] = {
    "log.unknown_key": Message("WARNING", "未登记的日志条目", "A line without words", ("key",)),
    "log.unprintable": Message("WARNING", "无法显示的值", "A value could not be shown", ("key",)),
    "log.file_failed": Message(
        "ERROR",
        "日志文件无法写入，交易继续",
        "The log file cannot be written: trading goes on",
        ("path", "reason"),
    ),
    "log.lines_dropped": Message(
        "WARNING", "输出受阻，部分日志未显示", "Output was blocked: lines are missing", ("lines",)
    ),
}

CATALOGUE: Mapping[str, Message] = {
    **_ORIGINAL,
    **_STRATEGIES,
    **_ORDERS,
    **_USERS,
    **_STEERING,
    **_SERVICE,
    **_NOTICES,
    **_LOG,
}
"""Every key and its message."""
