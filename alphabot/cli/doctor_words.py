"""What a doctor says, in both languages: what was found, what was expected, what to do."""

from __future__ import annotations

from collections.abc import Mapping

from alphabot.cli.doctor_user_words import LIMITS, USERS, Said, good
from alphabot.cli.words import Words

__all__ = ["CHECKS", "OTHERWISE", "SAID", "SUMMARY", "Said"]

CHECKS: Mapping[str, Words] = {
    "python": ("Python", "Python"),
    "library": ("依赖库", "library"),
    "sqlite": ("SQLite", "SQLite"),
    "disk": ("磁盘", "disk"),
    "files": ("文件权限", "files"),
    "halt": ("叫停", "halt"),
    "service": ("服务", "service"),
    "start": ("启动", "start"),
    "host": ("主机", "host"),
    "clock": ("时钟", "clock"),
    "token": ("代币", "token"),
    "plugin": ("插件", "plugin"),
    "database": ("数据库", "database"),
    "key": ("密钥", "key"),
    "consent": ("同意", "consent"),
    "user": ("用户", "user"),
    "balance": ("余额 用户", "balance of user"),
    "limit": ("限额", "limit"),
}


_MACHINE: Mapping[str, Said] = {
    "python.ok": good("{version}（需要 {least} 或更新）", "{version} ({least} or newer)"),
    "python.fail": (
        ("{version}", "{version}"),
        ("应为 {least} 或更新", "{least} or newer was expected"),
        ("请安装更新的 Python", "install a newer Python"),
    ),
    "library.ok": good("{count} 个：{libraries}", "{count}: {libraries}"),
    "library.misfit": (
        ("{version}", "{version}"),
        ("应为 {wanted}", "{wanted} was expected"),
        (
            "按 requirements.lock 重新安装（./just --setup）",
            "install as requirements.lock has it (./just --setup)",
        ),
    ),
    "sqlite.ok": good(
        "{version}，没有 WAL 重置缺陷（Python 自带的 {python} 未使用）",
        "{version}, without the WAL-reset bug (Python's own {python} is not used)",
    ),
    "sqlite.reset_bug": (
        (
            "{version} 有 WAL 重置缺陷；本程序不受影响：只有一个连接写入和做检查点，由文件锁保证",
            "{version} has the WAL-reset bug; we are not exposed: exactly one connection writes"
            " and checkpoints, held by the lock file",
        ),
        ("应为 3.51.3 或更新", "3.51.3 or newer was expected"),
        (
            "升级 apsw；服务运行时不要用其他程序打开数据库",
            "upgrade apsw; open the database with no other program while a service runs",
        ),
    ),
    "disk.ok": good("{path} 可用 {free}", "{free} free at {path}"),
    "disk.low": (
        ("{path} 只剩 {free}", "{free} left at {path}"),
        ("应不少于 {least}", "at least {least} was expected"),
        ("请尽快腾出空间", "make room soon"),
    ),
    "disk.full": (
        ("{path} 只剩 {free}", "{free} left at {path}"),
        ("应不少于 {least}", "at least {least} was expected"),
        ("请腾出空间：写不下记录就不会下单", "make room: what cannot be recorded is not ordered"),
    ),
    "disk.network": (
        ("{path} 在网络磁盘上（{kind}）", "{path} is on a network disk ({kind})"),
        ("应为本机磁盘", "a disk of this machine was expected"),
        (
            "移动配置所在的文件夹，或以 journal_on_network_disk = true 接受",
            "move the folder of the configuration, or accept it: journal_on_network_disk = true",
        ),
    ),
}
_FILES: Mapping[str, Said] = {
    "files.none": good("{path} 尚不存在，运行时会创建", "{path} is not there yet; a run makes it"),
    "files.ok": good(
        "{path} 为 0700，其中 {count} 个文件为 0600", "{path} is 0700, its {count} files are 0600"
    ),
    "files.open": (
        ("{path} 的权限是 {mode}，他人可访问", "{path} has mode {mode}, others may touch it"),
        ("应为 {wanted}", "{wanted} was expected"),
        ("chmod {wanted} {path}", "chmod {wanted} {path}"),
    ),
    "files.config": (
        (
            "{path} 的权限是 {mode}，他人可改交易内容",
            "{path} has mode {mode}: others may change what is traded",
        ),
        ("应只有自己可写", "only you should write it"),
        ("chmod {wanted} {path}", "chmod {wanted} {path}"),
    ),
    "files.foreign": (
        ("{path} 属于本机另一用户", "{path} belongs to another user of this machine"),
        ("应属于运行服务的用户", "the user who runs the service should own it"),
        ("chown，并弄清是谁放的", "chown it, and find out who put it there"),
    ),
    "files.link": (
        ("{path} 是链接", "{path} is a link"),
        ("应为文件本身", "the file itself was expected"),
        ("弄清是谁放的，再换成文件", "find out who put it there, and put the file there"),
    ),
    "files.more": (
        ("{path} 中另有 {count} 个", "{count} more in {path}"),
        ("应为 0600", "0600 was expected"),
        ("chmod -R go= {path}", "chmod -R go= {path}"),
    ),
    "halt.on": (
        ("已全面叫停：{reason}", "all orders are halted: {reason}"),
        ("应无叫停", "no halt was expected"),
        ("alphabot halt --lift 解除", "alphabot halt --lift ends it"),
    ),
}
_SERVICE: Mapping[str, Said] = {
    "service.none": good("没有正在运行的服务", "none runs"),
    "service.running": good("运行中，进程 {pid}（{venue}）", "runs, process {pid} ({venue})"),
    "service.silent": (
        ("没有回答：{reason}", "does not answer: {reason}"),
        ("应在数秒内回答", "an answer within seconds was expected"),
        (
            "alphabot halt 拦住订单，再看它的日志",
            "alphabot halt stops its orders; then look at its log",
        ),
    ),
    "service.owned": (
        (
            "数据库被 {owner} 占用，且没有控制套接字",
            "{owner} has the database and no control socket",
        ),
        ("应无占用者", "no owner was expected"),
        ("结束该进程，或等它结束", "end that process, or wait for it"),
    ),
    "start.refused": (
        ("{reason}", "{reason}"),
        ("应为可以启动的配置", "a configuration that starts was expected"),
        ("修改后再试", "mend that and try again"),
    ),
    "start.strategy": (
        ("{reason}", "{reason}"),
        ("该策略需要的插件应可用", "the plugin it needs was expected"),
        ("alphabot plugins 说明原因", "alphabot plugins says why"),
    ),
    "database.embedded": good(
        "内置模拟交易所，每次运行重新开始", "the embedded exchange begins anew with every run"
    ),
    "database.new": good("尚未有交易记录：{path}", "nothing was traded yet: {path}"),
    "database.ok": good(
        "{path}：{records} 条记录，{runs} 次运行，全部可信",
        "{path}: {records} records of {runs} runs, all sound",
    ),
    "database.damaged": (
        ("记录有损坏：{reason}", "records are damaged: {reason}"),
        ("应首尾相符", "an unbroken chain was expected"),
        ("停止后放回 .alphabot 的完好副本", "put a sound copy of .alphabot back while stopped"),
    ),
    "database.unusable": (
        ("{reason}", "{reason}"),
        ("应可打开", "one that opens was expected"),
        ("按上面所说处理", "do as it says"),
    ),
    "plugin.ok": good("{count} 个可用：{names}", "{count} in use: {names}"),
    "plugin.refused": (
        ("被拒绝：{reason}", "refused: {reason}"),
        ("配置启用的插件应可加载", "an enabled plugin should load"),
        ("修好它，或从 enabled 中去掉", "mend it, or take it out of enabled"),
    ),
}
_EXCHANGE: Mapping[str, Said] = {
    "host.embedded": good(
        "交易所就在进程内，无需连接", "the exchange is inside the program: nothing to reach"
    ),
    "host.ok": good("可连接", "can be reached"),
    "host.answered": good("{seconds} 秒内回答", "answered in {seconds} s"),
    "host.unreachable": (
        ("无法连接：{reason}", "cannot be reached: {reason}"),
        ("应有回答", "an answer was expected"),
        (
            "检查网络、DNS 和 [exchange] 的地址",
            "look at network, DNS and the addresses in [exchange]",
        ),
    ),
    "clock.embedded": good("与内置交易所同一时钟", "the same as the embedded exchange's"),
    "clock.ok": good(
        "相差 {skew} 秒（超过 {most} 秒不下单）",
        "{skew} s off (beyond {most} s nothing is ordered)",
    ),
    "clock.off": (
        ("本机时钟相差 {skew} 秒", "this machine's is {skew} s off"),
        (
            "应在 {noted} 秒以内；超过 {most} 秒不下单",
            "within {noted} s was expected; beyond {most} s nothing is ordered",
        ),
        ("开启时间同步（NTP）", "turn time synchronisation (NTP) on"),
    ),
    "clock.wrong": (
        ("本机时钟相差 {skew} 秒", "this machine's is {skew} s off"),
        ("不得超过 {most} 秒，否则不下单", "at most {most} s, or nothing is ordered"),
        ("开启时间同步（NTP）", "turn time synchronisation (NTP) on"),
    ),
    "clock.untold": (
        ("交易所没有告诉时间", "the exchange has not told its time"),
        ("应有 Date 头", "a Date header was expected"),
        ("检查 rest_url 指向的是否交易所", "see whether rest_url is the exchange"),
    ),
    "token.unknown": (
        ("{reason}", "{reason}"),
        ("应为交易所列出的代币", "a token that the exchange lists was expected"),
        ("alphabot tokens 列出全部", "alphabot tokens lists them"),
    ),
    "token.no_round": (
        ("现在无法交易一轮：{reason}", "no round is possible now: {reason}"),
        ("应能算出一轮", "a round was expected"),
        ("alphabot check 给出详情", "alphabot check tells more"),
    ),
}
SAID: Mapping[str, Said] = {
    **_MACHINE,
    **_FILES,
    **_SERVICE,
    **_EXCHANGE,
    **USERS,
    **LIMITS,
}
"""By what a finding says."""

OTHERWISE: Mapping[str, Said] = {
    "late": (
        ("{seconds} 秒内没有结果", "nothing within {seconds} s"),
        ("应在此前结束", "an end before that was expected"),
        ("检查网络和磁盘，再试一次", "look at network and disk, and try again"),
    ),
    "failed": (
        ("{reason}", "{reason}"),
        ("应可检查", "it should be possible to look"),
        ("按上面所说处理", "do as it says"),
    ),
}
"""What any check may end by."""

SUMMARY: Mapping[str, Words] = {
    "good": ("可以运行（警告 {warn}）。", "A run would start ({warn} warnings)."),
    "bad": (
        "不能照常运行：失败 {fail}，警告 {warn}。",
        "A run would not go well: {fail} failed, {warn} warnings.",
    ),
}
