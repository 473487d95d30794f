"""Asking a running service something over its socket, as one line of JSON each way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from alphabot.errors import ConfigError, ControlError

if TYPE_CHECKING:
    from alphabot.cli.words import Words
    from alphabot.config import Settings
    from alphabot.messages import Language
    from alphabot.runtime.control import Reply, Request

__all__ = ["ask", "asked", "ready"]

ANSWER_SECONDS: Final = 10.0
"""Longer than a service that is not stalled ever takes."""
_ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024

_NO_SERVICE: Words = (
    "没有正在运行的服务（{path}）。",
    "no service is running ({path})",
)
_SILENT: Words = (
    "服务没有回答（{reason}）；alphabot halt 可以立即拦住所有订单。",
    "the service does not answer ({reason}); alphabot halt stops all orders at once",
)
_NOBODY: Words = (
    "没有这样的用户或策略；现有（用户/策略）：{detail}",
    "there is no such user or strategy; there are (user/strategy) {detail}",
)
_NO_TEXT: Words = ("名字不是文字：{name}", "a name is no text: {name}")
_REFUSED: Words = ("服务拒绝了请求：{detail}", "the service refused: {detail}")


def ready(config: Path) -> Settings:
    """Return the settings of a command whose log lines go to standard error."""
    import sys

    from alphabot.config import load
    from alphabot.log import LineWriter, configure

    settings = load(config)
    configure(settings.language, sink=LineWriter(lambda: sys.stderr))
    return settings


def ask(settings: Settings, request: Request) -> Reply:
    """Return the answer of the service of these settings.

    Raises ControlError where none runs, where it does not answer, and for a refusal that no
    caller expects; ConfigError where nobody is meant.
    """
    from alphabot.cli.words import word

    reply = asked(settings, request)
    if reply is None:
        from alphabot.wiring import socket_path

        raise ControlError(word(_NO_SERVICE, settings.language).format(path=socket_path(settings)))
    if reply.refused == "nobody":
        raise ConfigError(word(_NOBODY, settings.language).format(detail=reply.detail))
    if reply.refused in ("unreadable", "failed"):
        raise ControlError(word(_REFUSED, settings.language).format(detail=reply.detail))
    return reply


def asked(settings: Settings, request: Request) -> Reply | None:
    """Return the answer, or None where no service runs; raises ControlError and ConfigError."""
    import msgspec

    from alphabot.cli.words import word
    from alphabot.runtime.control import Reply
    from alphabot.wiring import socket_path

    try:
        question = msgspec.json.encode(request)
    except UnicodeEncodeError as cause:
        raise ConfigError(
            word(_NO_TEXT, settings.language).format(name=ascii(cause.object))
        ) from None
    raw = _exchanged(socket_path(settings), question, settings.language)
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw, type=Reply)
    except msgspec.MsgspecError as cause:
        raise _silent(str(cause), settings.language) from cause


def _exchanged(path: Path, request: bytes, language: Language) -> bytes | None:
    from alphabot.runtime.control_socket import connected

    try:
        with connected(path, ANSWER_SECONDS) as connection:
            connection.sendall(request + b"\n")
            answer = bytearray()
            while not answer.endswith(b"\n") and len(answer) < _ANSWER_BYTES_MAX:
                chunk = connection.recv(1 << 16)
                if not chunk:
                    raise _silent("EOF", language)
                answer += chunk
            return bytes(answer)
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except BlockingIOError as cause:
        raise _silent(f"{ANSWER_SECONDS:g} s", language) from cause
    except OSError as cause:
        raise _silent(str(cause), language) from cause


def _silent(reason: str, language: Language) -> ControlError:
    from alphabot.cli.words import word

    return ControlError(word(_SILENT, language).format(reason=reason))
