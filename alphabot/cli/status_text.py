"""A status in words of both languages, for 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from rich.console import RenderableType
from rich.padding import Padding

from alphabot.cli import cells
from alphabot.cli.layout import Row, labelled, printed, table
from alphabot.cli.ledger_text import ledger_line
from alphabot.cli.words import CONNECTIONS, DIFFERENCES, DRY_RUN, ENDINGS, STATES, Words, word
from alphabot.core.exact import ZERO, plain, round_half_up
from alphabot.core.shown_volume import Difference
from alphabot.messages import Language
from alphabot.runtime.board import Ending, State
from alphabot.runtime.notice_status import NoticesStatus
from alphabot.runtime.status import (
    LimitStatus,
    Status,
    StrategyStatus,
    UserStatus,
)

__all__ = ["as_text"]

_SENTENCES: Mapping[str, Words] = {
    "running": (
        "服务运行中：{venue}，进程 {pid}，{since} 启动",
        "The service runs: {venue}, process {pid}, since {since}",
    ),
    "at_rest": (
        "没有正在运行的服务；以下是交易日志的记录（{venue}）",
        "No service is running; this is what the journal says ({venue})",
    ),
    "exchange_pause": (
        "交易所要求等待，还剩 {left}",
        "The exchange asked everyone to wait, {left} left",
    ),
    "user": ("用户 {user}", "User {user}"),
    "limit": ("{used} / {most}，余 {headroom}", "{used} of {most}, {headroom} left"),
    "behind": (
        "{strategy}：按目前速度，今日（UTC）结束时约差 {missing} USDT",
        "{strategy}: at this pace about {missing} USDT will be missing when the UTC day ends",
    ),
    "shown": (
        "{strategy}：交易所显示今日 {shown} USDT，{why}",
        "{strategy}: the exchange shows {shown} USDT for today, {why}",
    ),
    "realised": ("（已实现 {realised}）", " ({realised} realised)"),
    "unpriced": (
        "{token} 暂无买价，未挂单部分（成本 {cost} USDT）计为亏损",
        "{token} has no bid as yet: what is on no order (cost {cost} USDT) counts as lost",
    ),
    "paused": ("{state} · 已暂停", "{state} · paused"),
    "stopping": ("{state} · 停止中", "{state} · stopping"),
    "resume": ("resume", "resume"),
    "latched": (
        "自 {since} 起停止交易：{reason}；{clears} 解除",
        "stopped since {since}: {reason}; {clears} clears it",
    ),
    "abandoned": (
        "{quantity} 枚 {token} 的卖单并非由我们结束；alphabot clear {user} 之后再卖",
        "{quantity} {token} whose SELL was not ended by us; sold after alphabot clear {user}",
    ),
    "open": (
        "{intent}（{strategy}，{token}）{state}，{since}",
        "{intent} ({strategy}, {token}) {state}, {since}",
    ),
    "unheard": ("{count}条必须送达的通知尚未送达", "{count} notices that must be heard"),
    "notifier": ("送达{delivered}条，丢弃{dropped}条", "{delivered} delivered, {dropped} dropped"),
    "backing_off": ("{state}（{left}）", "{state} for {left}"),
}
_LABELS: Mapping[str, Words] = {
    "strategy": ("策略", "strategy"),
    "waits": ("在做 / 等待", "does / waits for"),
    "until": ("至", "until"),
    "credited": ("计入 / 目标", "credited / target"),
    "rounds": ("轮次", "rounds"),
    "wear": ("损耗 USDT", "wear USDT"),
    "halted": ("叫停", "HALTED"),
    "why": ("原因", "why"),
    "behind": ("落后", "behind"),
    "shown": ("交易所数", "exchange's"),
    "refused": ("拦下", "refused"),
    "latched": ("停止", "LATCHED"),
    "leftover": ("剩余", "leftover"),
    "open": ("未结", "open"),
    "ledger": ("账目", "ledger"),
    "unpriced": ("无价", "no price"),
    "unheard": ("未送达", "UNHEARD"),
    "notifier": ("通知", "notifier"),
}
_NOTIFIER_STATES: Mapping[str, Words] = {
    "opening": ("正在打开", "is being opened"),
    "delivering": ("正常", "delivers"),
    "backing_off": ("退避中", "backs off"),
    "pointless": ("无法送达", "cannot deliver"),
}
_LIMITS: Mapping[str, Words] = {
    "max_total_exposure_usdt": ("全部敞口", "all exposure"),
    "max_exposure_usdt": ("敞口", "exposure"),
    "max_daily_loss_usdt": ("今日亏损", "loss today"),
    "max_leftover_usdt": ("剩余代币", "leftover"),
    "max_orders_per_minute": ("每分钟下单", "orders/min"),
    "max_rounds": ("轮次", "rounds"),
    "max_consecutive_failures": ("连续失败", "failures"),
}
_OPEN_STATES: Mapping[str, Words] = {
    "sending": ("正在发出", "being sent"),
    "unknown": ("结果未知", "outcome unknown"),
    "placed": ("已挂单", "placed"),
    "bought": ("已买入，待卖出", "bought, to be sold"),
}
_CENT = Decimal("0.01")


def as_text(status: Status, language: Language) -> str:
    """Return the status as lines of at most 80 cells, where names are not too long for that."""
    return printed(_Text(language, status).blocks())


@dataclass(frozen=True, slots=True)
class _Text:
    language: Language
    status: Status

    def blocks(self) -> Iterator[RenderableType]:
        status = self.status
        yield self._say(
            "running" if status.running else "at_rest",
            venue=status.venue,
            pid=status.pid,
            since=self._moment(status.started_ms),
        )
        if status.dry_run:
            yield word(DRY_RUN, self.language)
        rows: list[Row] = []
        if status.halted:
            rows.append((self._label("halted"), cells.name(status.halted)))
        if status.exchange_pause_seconds:
            left = cells.seconds(status.exchange_pause_seconds)
            rows.append(("", self._say("exchange_pause", left=left)))
        yield labelled([*rows, *self._limits(status.limits), *self._notices(status.notices)])
        for user in status.users:
            yield ""
            yield from self._user(user)

    def _user(self, user: UserStatus) -> Iterator[RenderableType]:
        connection = CONNECTIONS.get(user.connection)
        heading = self._say("user", user=user.user_id)
        yield f"{heading} · {word(connection, self.language)}" if connection else heading
        heads = [self._label(key) for key in ("strategy", "waits", "until", "credited", "wear")]
        rows = table(heads, map(self._strategy, user.strategies), texts=3)
        yield Padding(rows, (0, 0, 0, 2))
        matters = [*self._matters(user), *self._ledger(user)]
        yield labelled([*matters, *self._limits(user.limits, user.realised_loss_usdt)])

    def _strategy(self, strategy: StrategyStatus) -> Sequence[str]:
        places = 0 if strategy.target >= 1000 else 2
        credited = cells.usdt(strategy.credited, places)
        return (
            cells.name(strategy.strategy_id),
            self._doing(strategy),
            self._until(strategy),
            f"{credited} / {cells.usdt(strategy.target, 0)}",
            cells.usdt(strategy.wear_usdt),
        )

    def _doing(self, strategy: StrategyStatus) -> str:
        if strategy.ending is not None:
            return word(ENDINGS[Ending(strategy.ending)], self.language)
        if not strategy.state:
            return "-"
        state = word(STATES[State(strategy.state)], self.language)
        if strategy.stopping:
            return self._say("stopping", state=state)
        if strategy.paused and strategy.state != State.PAUSED:
            return self._say("paused", state=state)
        return state

    def _until(self, strategy: StrategyStatus) -> str:
        if strategy.state == State.PAUSED and strategy.ending is None:
            return self._say("resume")
        if strategy.seconds_left is None or strategy.ending is not None:
            return "-"
        return self._moment(strategy.until_ms)

    def _matters(self, user: UserStatus) -> Iterator[Row]:
        """Yield what a person should know of a user, the pressing first."""
        if user.latched is not None:
            since, reason = self._moment(user.latched.at_ms), cells.name(user.latched.reason)
            sentence = self._say("latched", since=since, reason=reason, clears=user.latched.clears)
            yield self._label("latched"), sentence
        for token, held in user.abandoned.items():
            sentence = self._say(
                "abandoned", quantity=plain(held), token=cells.name(token), user=user.user_id
            )
            yield self._label("leftover"), sentence
        for entry in user.open_intents:
            yield (
                self._label("open"),
                self._say(
                    "open",
                    intent=entry.intent_id,
                    strategy=cells.name(entry.strategy_id),
                    token=cells.name(entry.alpha_id),
                    state=word(_OPEN_STATES[entry.state], self.language),
                    since=self._moment(entry.at_ms),
                ),
            )
        for strategy in user.strategies:
            name = cells.name(strategy.strategy_id)
            if why := strategy.waits_for or strategy.reason:
                yield self._label("why"), f"{name}: {cells.name(why)}"
            if strategy.shown_volume is not None:
                why = word(DIFFERENCES[Difference(strategy.shown_difference)], self.language)
                shown = cells.usdt(strategy.shown_volume)
                yield self._label("shown"), self._say("shown", strategy=name, shown=shown, why=why)
            if strategy.missing_at_midnight is not None:
                missing = cells.usdt(strategy.missing_at_midnight)
                yield self._label("behind"), self._say("behind", strategy=name, missing=missing)
            if strategy.refusals:
                counts = ", ".join(f"{rule} {n}" for rule, n in sorted(strategy.refusals.items()))
                yield self._label("refused"), f"{name}: {counts}"

    def _ledger(self, user: UserStatus) -> Iterator[Row]:
        for token in user.tokens:
            yield self._label("ledger"), ledger_line(token, self.language)
            if token.bid is None and token.leftover_cost_usdt >= _CENT:
                cost = cells.usdt(token.leftover_cost_usdt)
                sentence = self._say("unpriced", token=cells.name(token.alpha_id), cost=cost)
                yield self._label("unpriced"), sentence

    def _limits(self, limits: Sequence[LimitStatus], realised: Decimal = ZERO) -> Iterator[Row]:
        for limit in limits:
            label = word(_LIMITS.get(limit.name, (limit.name, limit.name)), self.language)
            used, most, headroom = map(_amount, (limit.used, limit.most, limit.headroom))
            said = self._say("limit", used=used, most=most, headroom=headroom)
            if limit.name == "max_daily_loss_usdt" and _amount(realised) != used:
                said += self._say("realised", realised=_amount(realised))
            yield label, said

    def _notices(self, notices: NoticesStatus) -> Iterator[Row]:
        if notices.undelivered:
            yield self._label("unheard"), self._say("unheard", count=notices.undelivered)
        for notifier in notices.notifiers:
            state = word(_NOTIFIER_STATES[notifier.state], self.language)
            if notifier.seconds_left is not None:
                left = cells.seconds(notifier.seconds_left)
                state = self._say("backing_off", state=state, left=left)
            problem = f": {cells.name(notifier.problem)}" if notifier.problem else ""
            counts = self._say("notifier", delivered=notifier.delivered, dropped=notifier.dropped)
            yield self._label("notifier"), f"{cells.name(notifier.name)} {state}{problem}, {counts}"

    def _moment(self, at_ms: int | None) -> str:
        """Return a moment on this machine's clock; the day only where it is another one."""
        if at_ms is None:
            return "-"
        moment, now = (
            datetime.fromtimestamp(ms / 1000).astimezone() for ms in (at_ms, self.status.now_ms)
        )
        return f"{moment:%H:%M:%S}" if moment.date() == now.date() else f"{moment:%m-%d %H:%M}"

    def _say(self, sentence: str, /, **figures: object) -> str:
        return word(_SENTENCES[sentence], self.language).format(**figures)

    def _label(self, key: str) -> str:
        return word(_LABELS[key], self.language)


def _amount(value: Decimal) -> str:
    return plain(round_half_up(value, 2)) if value % 1 else plain(value)
