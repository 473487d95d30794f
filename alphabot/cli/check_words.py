"""The words of ``alphabot check``, in both languages; what stands in braces is filled in."""

from __future__ import annotations

from collections.abc import Mapping

from alphabot.cli.words import Words

__all__ = ["LABELS", "OBSTACLES", "SENTENCES"]

LABELS: Mapping[str, Words] = {
    "price": ("价格", "price"),
    "round": ("每轮", "round"),
    "target": ("目标", "target"),
    "cost": ("成本", "cost"),
    "worst": ("最坏", "worst"),
    "dust": ("零头", "dust"),
    "time": ("用时", "time"),
    "turn": ("轮候", "turn"),
    "mul_point": ("mulPoint", "mulPoint"),
    "note": ("提示", "note"),
    "warning": ("警告", "WARNING"),
    "error": ("错误", "ERROR"),
    "multiplier": ("倍数规则", "multiplier"),
    "credited": ("每轮计入", "credits"),
    "user": ("用户", "user"),
    "strategies": ("策略", "strategies"),
    "rounds": ("轮次", "rounds"),
    "volume": ("买入 USDT", "bought USDT"),
    "cost_usdt": ("成本 USDT", "cost USDT"),
    "worst_usdt": ("最坏 USDT", "worst USDT"),
    "seconds": ("用时", "time"),
}

SENTENCES: Mapping[str, Words] = {
    "head": (
        "{exchange}。按此刻的价格与深度从零计算：不下单，不写入任何文件。",
        "{exchange}. Prices and books of this moment, counted from zero; nothing is traded or"
        " written.",
    ),
    "embedded": ("程序内的模拟交易所", "The simulated exchange inside this program"),
    "elsewhere": ("模拟交易所 {url}", "The simulated exchange at {url}"),
    "live": ("交易所 {url}", "The exchange at {url}"),
    "dry_run": (
        "演练：{url} 的真实行情，账户与成交均为模拟",
        "DRY RUN: the real market of {url}, with simulated accounts and fills",
    ),
    "strategy": (
        "{strategy}：{chain} 上的 {token}（{alpha_id}），用户 {users}",
        "{strategy}: {token} ({alpha_id}) on {chain}, for {users}",
    ),
    "one_user": ("{users}", "user {users}"),
    "users": ("{users}（目标各算各的）", "users {users}, the target for each"),
    "price": (
        "{last}；买一 {bid}，卖一 {ask}，价差 {spread} 基点",
        "{last}; bid {bid}, ask {ask}, spread {spread} bp",
    ),
    "round": (
        "买单限价 {buy}，卖单限价 {sell}（{pricing}）；委托 {amount} USDT，约成交 {bought}",
        "BUY at {buy} or less, SELL at {sell} or more ({pricing}); of {amount} USDT ordered"
        " about {bought} fill",
    ),
    "target": (
        "计入 {target} USDT：{rounds} 轮，每轮计入 {credited}（口径 {basis}，倍数规则"
        " {multiplier}，mulPoint {mul_point}）",
        "{target} USDT credited: {rounds} rounds of {credited} (basis {basis}, multiplier"
        " {multiplier}, mulPoint {mul_point})",
    ),
    "cost": (
        "买入 {volume} USDT，预计损耗 {cost} USDT，即 {bp} 基点（价差 {spread}，手续费 {fees}，"
        "零头 {dust}）",
        "{cost} USDT expected for {volume} bought, {bp} bp (spread {spread}, fees {fees},"
        " dust {dust})",
    ),
    "worst": (
        "每轮 {round} USDT（{percent} %），合计 {all}",
        "{round} USDT a round ({percent} %), {all} in all",
    ),
    "worst_held": (
        "；每个用户每日到 {limit} 即停（max_daily_loss_usdt）",
        "; max_daily_loss_usdt ends it at {limit} per user and day",
    ),
    "dust": (
        "每轮剩 {dust} {token}，{bp} 基点（max_dust_bp 允许 {limit}）",
        "{dust} {token} a round, {bp} bp (max_dust_bp allows {limit})",
    ),
    "time": (
        "约 {time}：每轮按 {round} 秒估计（--round-seconds），间隔 {pause} 秒",
        "about {time}: a round is taken to last {round} s (--round-seconds), the pause {pause} s",
    ),
    "short_day": (
        "一天内完不成：需要约 {needed}（{needed_rounds} 轮），而从开始到 00:00 UTC 只有 {time}，"
        "约够 {rounds} 轮，计入 {credited} USDT",
        "does not fit into its day: about {needed} for {needed_rounds} rounds, and from its start"
        " to 00:00 UTC there are {time}, for about {rounds} that credit {credited} USDT",
    ),
    "slowed_by_turn": ("；与同一代币的其他用户轮流", "; users of one token take turns"),
    "slowed_by_orders": (
        "；max_orders_per_minute = {orders} 使其变慢",
        "; max_orders_per_minute = {orders} slows it down",
    ),
    "turn": (
        "同一代币一次只有一个用户下单（self_trade_guard）：{at_once} 个用户互不等待，"
        "一天内最多 {a_day} 个用户依次完成",
        "one user at a time trades a token (self_trade_guard): {at_once} without waiting for"
        " another, {a_day} one after another within a day",
    ),
    "waits": (
        "{pricing} 先等更好的价格；以上按等不到时的价格计算，等待另需时间（--round-seconds）",
        "{pricing} waits for better prices first; these figures are of a round in which none"
        " comes, and waiting takes its time (--round-seconds)",
    ),
    "waiting": (
        "买单限价内的深度不足：{tokens} 枚要等待市场",
        "the book is too thin for the BUY: {tokens} tokens of it would wait for the market",
    ),
    "unsold": (
        "卖单限价内的深度不足：{tokens} 枚要等待市场",
        "the book is too thin for the SELL: {tokens} tokens of it would wait for the market",
    ),
    "crowded": (
        "max_total_exposure_usdt = {limit} 同时只容 {rounds} 轮，其余等待",
        "max_total_exposure_usdt = {limit} has room for {rounds} round(s) at a time; others wait",
    ),
    "never": ("无法完成", "never"),
    "good": ("没有限额阻碍目标。", "No limit stands in the way."),
    "bad": ("有 {count} 处使目标无法完成。", "Impossible as it stands: {count} error(s)."),
    "written": ("{key} = {value}（第 {line} 行）：", "{key} = {value} (line {line}): "),
    "default": ("{key} = {value}（默认值）：", "{key} = {value} (default): "),
    "for_users": ("用户 {users}：", "for user {users}, "),
    "would_do": ("；至少设为 {needed}", "; {needed} would do"),
    "nothing_would_do": ("；此项可设的值都不够", "; no value it may have would do"),
}

OBSTACLES: Mapping[str, Words] = {
    "symbol_trading": ("该代币现在不可交易", "the token does not trade at present"),
    "price_positive": ("价格无效：{detail}", "the price cannot be used: {detail}"),
    "crossed_book": ("买一高于卖一，盘口无效：{detail}", "the book cannot be right: {detail}"),
    "nothing_credited": ("倍数规则不计入任何交易量", "the multiplier credits nothing"),
    "max_price_age_seconds": (
        "价格在 {needed} 秒前确认",
        "the price was confirmed {needed} s ago",
    ),
    "max_source_deviation_percent": (
        "最新价与盘口相差 {needed} %",
        "the last price is {needed} % from the book",
    ),
    "price_collar_percent": (
        "限价离盘口中间价 {needed} %",
        "a limit is {needed} % from the middle of the book",
    ),
    "max_spread_bp": ("现在价差 {needed} 基点", "the spread is {needed} bp now"),
    "max_round_loss_percent": ("一轮最多可亏 {needed} %", "a round can lose {needed} %"),
    "max_dust_bp": ("每轮剩下 {needed} 基点的零头", "{needed} bp of a round stay behind as dust"),
    "max_rounds": ("需要 {needed} 轮", "{needed} rounds are needed"),
    "max_daily_loss_usdt": (
        "一天的预计损耗加上最后一轮的最坏情况，达 {needed} USDT",
        "the expected loss of a day and the worst of its last round come to {needed} USDT",
    ),
    "max_exposure_usdt": (
        "一轮与尚不可卖的零头合计 {needed} USDT",
        "a round and the dust not yet to be sold come to {needed} USDT",
    ),
    "max_total_exposure_usdt": (
        "一轮与所有用户尚不可卖的零头合计 {needed} USDT",
        "a round and the dust of all users come to {needed} USDT",
    ),
    "max_leftover_usdt": (
        "零头会积累到 {needed} USDT 才可卖出",
        "the dust gathers up to {needed} USDT before it can be sold",
    ),
    "single_trade_amount_usdt": (
        "低于交易所的最小下单量：{detail}",
        "less than the exchange accepts: {detail}",
    ),
    "quantity_above_maximum": (
        "超过交易所的最大数量：{detail}",
        "more than the exchange accepts: {detail}",
    ),
    "notional_above_maximum": (
        "超过交易所的最大金额：{detail}",
        "more than the exchange accepts: {detail}",
    ),
    "plugin_failed": (
        "插件出错，每一轮都会跳过：{detail}",
        "a plugin fails, so that every round is skipped: {detail}",
    ),
    "no_price": (
        "定价规则现在给不出价格：{detail}",
        "the rule has no price at present: {detail}",
    ),
    "price_not_positive": (
        "定价规则给出的价格无效：{detail}",
        "the rule's prices are none: {detail}",
    ),
    "price_out_of_range": (
        "定价规则给出的价格过大：{detail}",
        "the rule's prices are absurd: {detail}",
    ),
    "price_below_tick": ("限价小于最小价格单位：{detail}", "a limit is below one tick: {detail}"),
}
"""By the name of the limit or rule; ``needed`` is also what was found."""
