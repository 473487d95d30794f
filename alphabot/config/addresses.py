"""What an address may be: on this machine for a simulation, behind TLS for everything else.

The whole address is spelled out: two parsers may disagree about user names, backslashes and
numbers without dots, and then the one that judged is not the one that connects.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from alphabot.config.kinds import misfit

__all__ = ["LiveUrl", "LoopbackUrl"]

_LOOPBACK: Final = r"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])"
# A name with a dot that ends in letters: no number that another parser takes for an address.
_NAME: Final = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,24}"
_PORT: Final = r"(?::[0-9]{1,5})?"
_SHAPE: Final = re.compile(
    rf"(?P<scheme>[a-z]+)://(?P<host>{_LOOPBACK}|{_NAME})(?P<port>{_PORT})"
    r"(?P<path>/[A-Za-z0-9._~/-]*)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class LoopbackUrl:
    """An address on this machine, so that no order meant for a simulation can leave it."""

    scheme: str
    path: bool

    @property
    def expected(self) -> str:
        """What to write."""
        return f"an address on this machine such as {_on_this_machine(self.scheme, self.path)}"

    @property
    def pattern(self) -> str:
        """The same as a regular expression of any dialect, as far as one can tell."""
        return _pattern(self.scheme, _LOOPBACK, self.path)

    def read(self, value: object) -> str:
        """Return the address, without a slash at its end."""
        found = _read(value, self.path)
        if found is None or found["scheme"] != self.scheme or not _is_loopback(found["host"]):
            raise misfit(self, value)
        return found[0].rstrip("/")


@dataclass(frozen=True, slots=True)
class LiveUrl:
    """An address behind TLS, or one on this machine; what is plain to read never leaves it."""

    scheme: str
    path: bool
    example: str

    @property
    def expected(self) -> str:
        """What to write."""
        here = _on_this_machine(self._plain, self.path)
        return f"an address such as {self.example}, or on this machine such as {here},"

    @property
    def pattern(self) -> str:
        """The same as a regular expression of any dialect, as far as one can tell."""
        behind_tls = _pattern(self.scheme, _NAME, self.path)
        return f"{behind_tls}|{_pattern(self._plain, _LOOPBACK, self.path)}"

    @property
    def _plain(self) -> str:
        return self.scheme.removesuffix("s")

    def read(self, value: object) -> str:
        """Return the address, without a slash at its end."""
        found = _read(value, self.path)
        if found is None:
            raise misfit(self, value)
        expected = self._plain if _is_loopback(found["host"]) else self.scheme
        if found["scheme"] != expected:
            raise misfit(self, value)
        return found[0].rstrip("/")


def _read(value: object, path: bool) -> re.Match[str] | None:
    """Return the parts of an address, or None if it is none."""
    found = _SHAPE.fullmatch(value) if isinstance(value, str) else None
    if found is None or not 1 <= int(found["port"][1:] or 80) <= 65535:
        return None
    return found if path or found["path"] in (None, "/") else None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _on_this_machine(scheme: str, path: bool) -> str:
    return f"{scheme}://127.0.0.1:8600{'/stream' if path else ''}"


def _pattern(scheme: str, host: str, path: bool) -> str:
    return rf"{scheme}://{host}{_PORT}{'(?:/[A-Za-z0-9._~/-]*)?' if path else '/?'}"
