"""The Bot API: a method is a POST, and its answer says whether it was done and if not, why."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

import msgspec

from alphabot import NotDelivered, Secret
from alphabot.core.wording import shortened, tidy
from alphabot.webhook import Poster

__all__ = ["Bot", "RefusedError"]

_DESCRIPTION_UNITS_MAX: Final = 200
# The rest passes by itself: 409 is another reader, 429 too much of it, 5xx Telegram's own trouble.
_POINTLESS: Final = frozenset({400, 401, 403, 404})


class RefusedError(NotDelivered):
    """Telegram's own no, with its code."""

    def __init__(self, code: int, problem: str, retry_after_seconds: float | None) -> None:
        super().__init__(
            problem, retry_after_seconds=retry_after_seconds, pointless=code in _POINTLESS
        )
        self.code = code


class _Parameters(msgspec.Struct):
    retry_after: int | None = None
    migrate_to_chat_id: int | None = None


class _Answer(msgspec.Struct):
    ok: bool
    result: Any = None
    error_code: int | None = None
    description: str = ""
    parameters: _Parameters = msgspec.field(default_factory=_Parameters)


class Bot:
    """Calls methods of the Bot API, one at a time."""

    def __init__(self, poster: Poster, api_url: str, token: Secret) -> None:
        self._poster = poster
        self._api_url = api_url
        self._token = token

    async def call(self, method: str, **fields: object) -> Any:
        """Return the method's result.

        Raises RefusedError if Telegram said no, and NotDelivered if what came was no answer of
        Telegram's; then it may have been done.
        """
        token = self._token.reveal()
        posted = await self._poster.post(f"{self._api_url}/bot{token}/{method}", fields)
        answer: _Answer | None = None
        with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            answer = msgspec.json.decode(posted.body, type=_Answer)
        if answer is None:
            raise NotDelivered(
                f"Telegram: {method}: answered {posted.status} and nothing readable",
                retry_after_seconds=posted.retry_after_seconds,
            )
        if answer.ok and posted.status == 200:
            return answer.result
        code = posted.status if answer.error_code is None else answer.error_code
        words = answer.description.replace(token, "***")
        if answer.parameters.migrate_to_chat_id is not None:
            words += f": the group is now chat {answer.parameters.migrate_to_chat_id}"
        words = shortened(tidy(words), _DESCRIPTION_UNITS_MAX)
        wait = answer.parameters.retry_after
        raise RefusedError(
            code,
            f"Telegram: {method}: {code} {words}".rstrip(),
            posted.retry_after_seconds if wait is None or wait < 0 else float(wait),
        )

    async def send(self, chat_id: int, text: str, **fields: object) -> None:
        """Send one message, without a preview of what may look like a link in it."""
        await self.call(
            "sendMessage",
            chat_id=chat_id,
            text=text,
            link_preview_options={"is_disabled": True},
            **fields,
        )
