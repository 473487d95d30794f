"""The words of ``alphabot users``, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from alphabot.cli.words import Words

__all__ = ["SAID", "STANDINGS"]

SAID: Mapping[str, Words] = {
    "paste": (
        "请粘贴从浏览器复制的请求（Copy as cURL (bash)），屏幕上不会显示，最后按 Ctrl+D：",
        "Paste the request copied from the browser (Copy as cURL (bash)); nothing of it is shown."
        " End with Ctrl+D:",
    ),
    "passphrase": ("口令：", "Passphrase: "),
    "new_passphrase": ("新口令（至少 12 个字符）：", "New passphrase (at least 12 characters): "),
    "again": ("再输入一次：", "Once more: "),
    "begun_with_file": (
        "凭证将以密钥文件 {file} 封存。请另存一份备份：丢失后凭证无法恢复。",
        "Credentials are sealed with the key file {file}. Keep a copy elsewhere: without it they"
        " are lost.",
    ),
    "begun_with_passphrase": (
        "凭证将以口令封存。忘记口令后凭证无法恢复，每次启动都要输入。",
        "Credentials are sealed with the passphrase. Without it they are lost, and every start"
        " asks for it.",
    ),
    "added": (
        "已添加用户 {user}（{name}）：cookie、csrftoken 及另外 {others} 个请求头已封存。",
        "Added user {user} ({name}): cookie, csrftoken and {others} other headers are sealed.",
    ),
    "replaced": (
        "用户 {user}（{name}）的会话已更换，旧的已抹除。",
        "User {user} ({name}) has a new session; the old one is wiped.",
    ),
    "replaced_in_service": (
        "用户 {user}（{name}）的会话已更换，旧的已抹除；"
        "运行中的服务从 alphabot clear {user} 起使用它。",
        "User {user} ({name}) has a new session; the old one is wiped. The running service trades"
        " with it from alphabot clear {user} on.",
    ),
    "trading": (
        "用户 {user}（{name}）正在交易，会话未更换：请先执行 alphabot stop --user {user}，"
        "等它结束后再更换，然后重新启动服务",
        "user {user} ({name}) is trading, so the session was not replaced: alphabot stop --user"
        " {user}, replace it once that has ended, then start the service again",
    ),
    "delete": (
        "现在请删除 {file}：谁读到它，谁就拥有该账户。",
        "Now delete {file}: whoever reads it has the account.",
    ),
    "none": ("还没有用户。", "There are no users yet."),
    "enabled": ("用户 {user}（{name}）已启用。", "User {user} ({name}) is enabled."),
    "disabled": (
        "用户 {user}（{name}）已停用，不再交易；凭证仍封存。",
        "User {user} ({name}) is disabled and not traded for; the session stays sealed.",
    ),
    "sure": (
        "删除用户 {user}（{name}）的凭证？交易记录保留。[y/N] ",
        "Remove the session of user {user} ({name})? The history stays. [y/N] ",
    ),
    "kept": ("未删除。", "Not removed."),
    "removed": (
        "用户 {user}（{name}）的凭证已删除并从文件中抹除；交易记录保留。",
        "The session of user {user} ({name}) is removed and wiped from the files; the history"
        " stays.",
    ),
    "rotated_to_file": (
        "全部凭证改用 {file}。此后请设 {variable}={file}，或把它移到原处；旧密钥在此不再有效。",
        "Everything is sealed with {file} now. From now on set {variable}={file}, or move it to"
        " where the old key was; the old key opens nothing here any more.",
    ),
    "rotated_to_passphrase": (
        "全部凭证改用口令封存；旧密钥在此不再有效。",
        "Everything is sealed with the passphrase now; the old key opens nothing here any more.",
    ),
    "yes": ("启用", "enabled"),
    "no": ("停用", "disabled"),
    "gone": ("已删除", "removed"),
    "line": (
        "{user:>4}  {name}  {state}  封存于 {since}",
        "{user:>4}  {name}  {state}  sealed {since}",
    ),
    "headers": ("请求头：{headers}", "headers: {headers}"),
    "cookies": ("cookie 名称：{cookies}", "names of cookies: {cookies}"),
}

STANDINGS: Mapping[str, Words] = {
    "valid": ("用户 {user}（{name}）：会话有效。", "User {user} ({name}): the session is valid."),
    "expired": (
        "用户 {user}（{name}）：会话已失效（{reason}）。"
        "请重新登录后执行 alphabot users replace {user}。",
        "User {user} ({name}): the session has expired ({reason}). Log in again, then alphabot"
        " users replace {user}.",
    ),
    "challenge": (
        "用户 {user}（{name}）：交易所要求验证（{reason}）。请在官方页面完成。",
        "User {user} ({name}): the exchange wants a check ({reason}). Finish it in the official"
        " page.",
    ),
    "unreachable": (
        "用户 {user}（{name}）：交易所无法连接（{reason}）。",
        "User {user} ({name}): the exchange cannot be reached ({reason}).",
    ),
    "unclear": (
        "用户 {user}（{name}）：交易所的回答无法判断（{reason}）。",
        "User {user} ({name}): the exchange's answer does not tell ({reason}).",
    ),
}
