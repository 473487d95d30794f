"""What a doctor says of users and limits; the rest is in :mod:`alphabot.cli.doctor_words`."""

from __future__ import annotations

from collections.abc import Mapping

from alphabot.cli.words import Words

__all__ = ["LIMITS", "NOTHING", "USERS", "Said", "good"]

Said = tuple[Words, Words, Words]
"""What was found, what was expected, and what to do; the last two are empty where all is well."""

NOTHING: Words = ("", "")


def good(zh: str, en: str) -> Said:
    """Return what is said where nothing else was expected, and nothing is to be done."""
    return (zh, en), NOTHING, NOTHING


USERS: Mapping[str, Said] = {
    "key.ok": good(
        "密钥文件可打开封存的会话，只有自己可读",
        "the key file opens the sealed sessions and is yours alone",
    ),
    "key.passphrase": good(
        "启动时询问口令；此处不问，会话未试（alphabot users check 会问）",
        "a start asks for the passphrase; not asked here, so no session is tried (alphabot users"
        " check asks)",
    ),
    "key.none": (
        ("还没有密钥和封存的会话", "there is no key and no sealed session yet"),
        ("实盘需要二者", "live mode needs both"),
        (
            "alphabot users init，再 alphabot users add NAME",
            "alphabot users init, then alphabot users add NAME",
        ),
    ),
    "key.problem": (
        ("{reason}", "{reason}"),
        (
            "应为 0600 的密钥文件，且不在数据库旁",
            "a key file of mode 0600, elsewhere than the database, was expected",
        ),
        ("按上面所说处理", "do as it says"),
    ),
    "consent.given": good(
        "已同意这些用户和限额的实盘交易", "given for these users within these limits"
    ),
    "consent.needed": (
        (
            "尚未同意这些用户和限额的实盘交易",
            "nobody agreed to trade for these users within these limits yet",
        ),
        ("启动时需要同意", "a start needs it"),
        ("在终端启动一次，或加 --yes-i-know", "start once on a terminal, or say --yes-i-know"),
    ),
    "user.embedded": good("内置交易所的用户是虚构的", "those of the embedded exchange are made up"),
    "user.unasked": good("{mode} 模式不询问账户", "accounts are not asked about in {mode} mode"),
    "user.running": good(
        "由运行中的服务交易，连接 {connection}",
        "is traded for by the running service, stream {connection}",
    ),
    "user.valid": good("会话有效", "the session is valid"),
    "user.open": good(
        "{count} 笔订单未结，下次启动核实", "{count} orders are open; the next start settles them"
    ),
    "user.missing": (
        ("没有添加过该用户", "no such user was added"),
        ("策略写了它", "a strategy names it"),
        ("alphabot users add NAME --id {about}", "alphabot users add NAME --id {about}"),
    ),
    "user.disabled": (
        ("已停用，不会交易", "is disabled and not traded for"),
        ("策略写了它", "a strategy names it"),
        ("alphabot users enable {about}", "alphabot users enable {about}"),
    ),
    "user.no_session": (
        ("没有封存的会话", "no session is kept"),
        ("交易需要会话", "trading needs one"),
        ("alphabot users replace {about}", "alphabot users replace {about}"),
    ),
    "user.sealed": (
        ("{reason}", "{reason}"),
        ("封存的会话应可打开", "a sealed session should open"),
        ("alphabot users replace {about}", "alphabot users replace {about}"),
    ),
    "user.locked": (
        ("会话未试：没有可用的密钥", "the session was not tried: no key opens it here"),
        ("应能询问交易所", "the exchange should be asked"),
        ("alphabot users check {about}", "alphabot users check {about}"),
    ),
    "user.expired": (
        ("会话已失效（{reason}）", "the session has expired ({reason})"),
        ("应为有效会话", "a valid session was expected"),
        (
            "重新登录后 alphabot users replace {about}",
            "log in again, then alphabot users replace {about}",
        ),
    ),
    "user.challenge": (
        ("交易所要求验证（{reason}）", "the exchange wants a check ({reason})"),
        ("应无验证", "none was expected"),
        ("在官方页面完成", "finish it in the official page"),
    ),
    "user.unreachable": (
        ("交易所无法连接（{reason}）", "the exchange cannot be reached ({reason})"),
        ("应有回答", "an answer was expected"),
        ("见上面的主机一行", "see the line of its host"),
    ),
    "user.unclear": (
        ("交易所的回答无法判断（{reason}）", "the exchange's answer does not tell ({reason})"),
        ("应有明确的回答", "a clear answer was expected"),
        ("稍后再试", "try again later"),
    ),
    "user.latched": (
        ("已停止交易：{reason}", "is stopped: {reason}"),
        ("应可交易", "one that may trade was expected"),
        ("处理后以 {clears} 解除", "see to it, then {clears}"),
    ),
    "user.abandoned": (
        (
            "{quantity} 枚 {token} 的卖单并非由我们结束",
            "{quantity} {token} whose SELL was not ended by us",
        ),
        ("应已卖出", "they should be sold"),
        ("alphabot clear {about} 之后再卖", "alphabot clear {about} has them sold"),
    ),
    "user.not_kept": (
        (
            "交易所更换了会话，但未能保存（{reason}）",
            "the exchange renewed the session, and it could not be kept ({reason})",
        ),
        ("应已封存", "it should be sealed"),
        (
            "alphabot users check {about}；失效则重新登录",
            "alphabot users check {about}; log in again if it has expired",
        ),
    ),
    "balance.ok": good(
        "{free} USDT 可用，各策略一轮共需 {together}",
        "{free} USDT are free, a round of each strategy needs {together}",
    ),
    "balance.low": (
        ("只有 {free} USDT 可用", "{free} USDT are free"),
        (
            "{count} 个策略各一轮共需 {together}",
            "{count} strategies need {together} for a round each",
        ),
        ("充值，或减小 single_trade_amount_usdt", "deposit, or lower single_trade_amount_usdt"),
    ),
    "balance.short": (
        ("只有 {free} USDT 可用", "{free} USDT are free"),
        ("一轮需要 {most}", "one round needs {most}"),
        ("充值，或减小 single_trade_amount_usdt", "deposit, or lower single_trade_amount_usdt"),
    ),
    "balance.unknown": (
        ("服务尚未读到", "the service has not read it yet"),
        ("每轮前会读", "it is read before each round"),
        ("稍后再看", "look again later"),
    ),
}
LIMITS: Mapping[str, Said] = {
    "limit.ok": good(
        "{used} / {most}，余 {headroom}（{holder}）；由闸门执行（{guard}）",
        "{used} of {most}, {headroom} left ({holder}); held by the gate ({guard})",
    ),
    "limit.each": good(
        "最多 {most}，每单判断，目前未占用；由闸门执行（{guard}）",
        "at most {most}, judged with each order, nothing used now; held by the gate ({guard})",
    ),
    "limit.on": good("开启；由闸门执行（{guard}）", "on; held by the gate ({guard})"),
    "limit.off": (
        ("关闭", "off"),
        ("应开启", "on was expected"),
        ("{about} = true", "{about} = true"),
    ),
    "limit.held": (
        ("{used} / {most}（{holder}）", "{used} of {most} ({holder})"),
        (
            "应有余量：闸门现在拦下订单（{guard}）",
            "some headroom was expected: the gate holds orders back ({guard})",
        ),
        ("等待，或放宽限额", "wait, or raise it"),
    ),
    "limit.ended": (
        ("{used} / {most}（{holder}）", "{used} of {most} ({holder})"),
        (
            "应有余量：闸门结束策略（{guard}）",
            "some headroom was expected: the gate ends the strategy ({guard})",
        ),
        ("查明原因；alphabot status 给出详情", "find out why; alphabot status tells more"),
    ),
    "limit.unguarded": (
        ("没有闸门执行它", "no rule of the gate enforces it"),
        ("每个限额都应有", "each limit should have one"),
        ("请报告：这是程序错误", "report it: this is a bug"),
    ),
}
