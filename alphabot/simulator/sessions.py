"""Who is calling: web sessions, made from a seed, so that nobody has to register."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping

from alphabot.simulator.refusals import Refusal
from alphabot.simulator.seeded import draw_hex

__all__ = ["Sessions", "credentials_for"]

_COOKIE_PAIR = re.compile(r"\s*([^=;\s]+)=([^;]*)")
_LOGIN = re.compile(r"web\.([1-9][0-9]{0,9})\.([0-9a-f]{32})", re.ASCII)


def credentials_for(seed: int, user_id: int, login: int = 0) -> dict[str, str]:
    """Return the headers with which a user of the exchange with this seed calls it.

    The set and its relation are those of the web page: ``csrftoken`` is the MD5 hex of the
    cookie ``cr00`` (protocol: authentication of private calls). Any user id from 1 on is known.
    ``login`` counts how often the user logged in anew.
    """
    cr00 = draw_hex(seed, "cr00", user_id, *([login] if login else []))
    p20t = f"web.{user_id}.{_drawn(seed, user_id, login)}"
    return {
        "Cookie": f"cr00={cr00}; logined=y; p20t={p20t}",
        "csrftoken": _md5(cr00),
        "clienttype": "web",
    }


class Sessions:
    """Which sessions are good. A session can expire, and an account can be under a challenge."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._expired: set[int] = set()
        self._logins: dict[int, int] = {}
        self._challenged: dict[int, str] = {}

    def expire(self, user_id: int) -> None:
        """Log a user out."""
        self._expired.add(user_id)

    def restore(self, user_id: int) -> None:
        """Log a user in again, with the same credentials."""
        self._expired.discard(user_id)

    def log_in_anew(self, user_id: int) -> dict[str, str]:
        """Log a user in with other credentials, which are returned; those before stay bad."""
        self._logins[user_id] = self._logins.get(user_id, 0) + 1
        self.restore(user_id)
        return credentials_for(self._seed, user_id, self._logins[user_id])

    def challenge(self, user_id: int) -> None:
        """Demand a check of a user before anything else."""
        self._challenged[user_id] = draw_hex(self._seed, "challenge", user_id)

    def lift_challenge(self, user_id: int) -> None:
        """Take the check as passed."""
        self._challenged.pop(user_id, None)

    def user_of(self, headers: Mapping[str, str]) -> int:
        """Return who sent these headers; raises Refusal if the login is missing or wrong."""
        cookies = dict(_COOKIE_PAIR.findall(headers.get("cookie", "")))
        login = _LOGIN.fullmatch(cookies.get("p20t", "").strip())
        if login is None or not headers.get("clienttype"):
            raise Refusal.login_expired()
        user_id = int(login[1])
        genuine = hmac.compare_digest(
            login[2], _drawn(self._seed, user_id, self._logins.get(user_id, 0))
        )
        token = headers.get("csrftoken", "").encode()
        matching = hmac.compare_digest(token, _md5(cookies.get("cr00", "")).encode())
        if not (genuine and matching) or user_id in self._expired:
            raise Refusal.login_expired()
        return user_id

    def admit(self, user_id: int) -> None:
        """Raise Refusal if the user is under a challenge."""
        biz_no = self._challenged.get(user_id)
        if biz_no is not None:
            raise Refusal.risk_challenge(biz_no)


def _drawn(seed: int, user_id: int, login: int) -> str:
    return draw_hex(seed, "login", user_id, *([login] if login else []))


def _md5(text: str) -> str:
    # Not a safeguard: it is how the web page derives the token.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
