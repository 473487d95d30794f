"""A record of the journal as a sentence, in both languages; figures are exact."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from alphabot.cli import cells
from alphabot.cli.words import Words, word
from alphabot.core.exact import plain
from alphabot.core.records import Intended, Leg, PlacedRecord, Record, Restored, Settled
from alphabot.core.values import OrderStatus
from alphabot.messages import Language

__all__ = ["SENTENCES", "told"]

SENTENCES: Mapping[str, Words] = {
    "configured": (
        "策略 {strategy_id} 启动，已记下其配置",
        "{strategy_id} started, with its settings",
    ),
    "intended pair": (
        "{intent_id} 准备下单：{strategy_id} 以不高于 {buy_price} 买入 {quantity} 枚 {alpha_id}"
        "（{amount_usdt} USDT），再以不低于 {sell_price} 卖出",
        "{intent_id} about to leave: {strategy_id} buys {quantity} {alpha_id} at {buy_price} at"
        " most ({amount_usdt} USDT), then sells at {sell_price} at least",
    ),
    "intended sale": (
        "{intent_id} 准备下单：{strategy_id} 以不低于 {sell_price} 卖出 {quantity} 枚 {alpha_id}",
        "{intent_id} about to leave: {strategy_id} sells {quantity} {alpha_id} at {sell_price}"
        " at least",
    ),
    "waits": (
        "，{wait_seconds} 秒内未成交则撤单重新定价",
        "; cancelled and priced anew if not filled within {wait_seconds} s",
    ),
    "not_sent": ("{intent_id} 未产生订单：{reason}", "{intent_id} made no order: {reason}"),
    "placed pair": (
        "{intent_id} 已下单：买单 {working_order_id}，卖单 {sell_order_id}",
        "{intent_id} placed: BUY {working_order_id}, SELL {sell_order_id}",
    ),
    "placed buy": (
        "{intent_id} 已下单：买单 {working_order_id}，已结束而未全部成交，卖单未生效",
        "{intent_id} placed: BUY {working_order_id}, which had ended short, so without a SELL",
    ),
    "placed sale": (
        "{intent_id} 已下单：卖单 {sell_order_id}",
        "{intent_id} placed: SELL {sell_order_id}",
    ),
    "matched": ("（对账时找到）", " (found by asking the exchange)"),
    "refused": (
        "{intent_id} 被交易所拒绝：{code} {message}",
        "{intent_id} refused by the exchange: {code} {message}",
    ),
    "unknown": ("{intent_id} 结果未知：{reason}", "{intent_id} has an unknown outcome: {reason}"),
    "updated": (
        "{intent_id} {side}单 {order_id}：{status}，已成交 {executed} 枚，{quote_usdt} USDT",
        "{intent_id} {side} {order_id}: {status}, {executed} filled for {quote_usdt} USDT",
    ),
    "settled": (
        "{intent_id} {side}单 {order_id} 结束：{status}，成交 {executed} 枚，"
        "{quote_usdt} USDT{fees}",
        "{intent_id} {side} {order_id} ended: {status}, {executed} for {quote_usdt} USDT{fees}",
    ),
    "fees": ("，手续费 {fees}", ", fee {fees}"),
    "counted": ("，计入 {credited} USDT", ", credited {credited} USDT"),
    "counted later": ("，交易量待计入", ", not credited yet"),
    "credited": ("{intent_id} 补计入 {credited} USDT", "{intent_id} credited {credited} USDT"),
    "witnessed": (
        "钱包在自身交易之外另有 {beside} {asset}",
        "the wallet holds {beside} {asset} beside our own rounds",
    ),
    "shown": (
        "交易所显示今日 {token} 交易量 {shown} USDT，我们买入 {ours_usdt}，"
        "乘以 mulPoint 为 {multiplied_usdt}",
        "the exchange's figure for {token} today is {shown} USDT; ours are {ours_usdt}, times"
        " mulPoint {multiplied_usdt}",
    ),
    "written_off": (
        "{quantity} 枚 {alpha_id} 已不在钱包，予以核销：{reason}",
        "{quantity} {alpha_id} written off: {reason}",
    ),
    "leftover": (
        "{intent_id} 剩余 {quantity} 枚 {alpha_id} 未卖出：{reason}",
        "{intent_id} left {quantity} {alpha_id} unsold: {reason}",
    ),
    "latched": (
        "该用户停止交易：{reason}（解除：{clears}）",
        "stopped: {reason} (lifted by {clears})",
    ),
    "cleared": ("已解除停止：{by}", "let trade again by {by}"),
    "restored": (
        "从备份恢复，其中的记录到 {known_until} 为止",
        "put back from a copy that ends at {known_until}",
    ),
    "folded": (
        "第 {through} 条及之前的记录已折叠",
        "the records up to number {through} were folded away",
    ),
    "checkpointed": (
        "代替第 1 至 {sequence} 条记录：其结果保留于此",
        "stands for records 1 to {sequence}, with all that they add up to",
    ),
    "reset": ("策略 {strategy_id} 进度归零", "{strategy_id} set back to zero"),
}
"""A sentence for each kind of record; the names are the record's own."""

_SIDES: Mapping[Leg, Words] = {
    Leg.WORKING: ("买", "BUY"),
    Leg.PENDING: ("卖", "SELL"),
    Leg.SALE: ("卖", "SELL"),
}
_STATUSES: Mapping[OrderStatus, Words] = {
    OrderStatus.PENDING: ("待触发", "PENDING"),
    OrderStatus.NEW: ("未成交", "NEW"),
    OrderStatus.PARTIALLY_FILLED: ("部分成交", "PARTIALLY_FILLED"),
    OrderStatus.FILLED: ("全部成交", "FILLED"),
    OrderStatus.CANCELED: ("已撤销", "CANCELED"),
    OrderStatus.EXPIRED: ("已失效", "EXPIRED"),
    OrderStatus.REJECTED: ("被拒绝", "REJECTED"),
}


def told(record: Record, language: Language) -> str:
    """Return a record as one line; what comes from outside cannot leave it."""
    values = {name: _shown(getattr(record, name), language) for name in record.__struct_fields__}
    if isinstance(record, Restored):
        values["known_until"] = cells.moment(record.known_until_ms)
    if isinstance(record, Settled):
        values["fees"] = _fees(record, language)
    if "leg" in values:
        values["side"] = values["leg"]
    said = word(SENTENCES[_kind(record)], language).format(**values)
    wait = isinstance(record, Intended) and (record.buy_wait_seconds or record.sell_wait_seconds)
    if wait:
        said += word(SENTENCES["waits"], language).format(wait_seconds=plain(wait))
    if isinstance(record, PlacedRecord) and record.how != "reply":
        said += word(SENTENCES["matched"], language)
    return said


def _kind(record: Record) -> str:
    tag = str(record.__struct_config__.tag)
    match record:
        case Intended():
            return "intended pair" if record.is_pair else "intended sale"
        case PlacedRecord():
            if record.sell_order_id is None:
                return "placed buy"
            return "placed sale" if record.working_order_id is None else "placed pair"
        case _:
            return tag


def _shown(value: object, language: Language) -> str:
    match value:
        case Decimal():
            return plain(value)
        case Leg():
            return word(_SIDES[value], language)
        case OrderStatus():
            return word(_STATUSES[value], language)
        case _:
            return cells.name(value)


def _fees(record: Settled, language: Language) -> str:
    """Return the fees of a leg, in whatever they were paid, and what it counts for."""
    parts = [f"{plain(record.fee_quote_usdt)} USDT"] if record.fee_quote_usdt else []
    parts += [word(_TOKENS, language).format(plain(record.fee_base))] if record.fee_base else []
    parts += [cells.name(record.fee_other)] if record.fee_other else []
    said = word(SENTENCES["fees"], language).format(fees=" + ".join(parts)) if parts else ""
    if record.leg is Leg.WORKING:
        late = record.credited is None
        counted = word(SENTENCES["counted later" if late else "counted"], language)
        said += counted.format(credited=_shown(record.credited, language))
    return said


_TOKENS: Words = ("{} 枚", "{} tokens")
