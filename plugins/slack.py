"""Slack: notices in a channel, through an incoming webhook.

``[plugins.slack]`` has one key, ``webhook_url``. Who knows that address can write to the channel,
so it is a secret; messages go to Slack's own hosts and nowhere else. Slack shows at most so many
characters of a text and so many fields (Block Kit): what is longer is cut here, since Slack would
refuse the whole message.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from alphabot import NotDelivered, Notice, Secret, hookimpl
from alphabot.core.wording import bar, byline, headline, shortened, tidy
from alphabot.ports import NotifierFactory
from alphabot.webhook import Answer, Poster, host_of, open_poster

HOSTS: Final = ("hooks.slack.com", "hooks.slack-gov.com", "localhost", "127.0.0.1", "::1")
HEADER_CHARS_MAX: Final = 150
TEXT_CHARS_MAX: Final = 3000
FIELD_CHARS_MAX: Final = 2000
FIELDS_MAX: Final = 10
"""Of one section; more go into the next."""
BLOCKS_MAX: Final = 50

_NAME_CHARS_MAX: Final = 100
# "&amp;" for one character: a text that was cut to a fifth fits however much of it is escaped.
_ESCAPE_FACTOR: Final = 5
_FIELDS_ALL_MAX: Final = FIELDS_MAX * (BLOCKS_MAX - 3)

# What Slack answers to a webhook that will never take this message as it is.
_POINTLESS: Final = frozenset({
    "action_prohibited",
    "channel_is_archived",
    "channel_not_found",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_payload",
    "invalid_token",
    "no_active_hooks",
    "no_service",
    "no_service_id",
    "no_team",
    "no_text",
    "posting_to_general_channel_denied",
    "team_disabled",
    "user_not_found",
})  # fmt: skip
_WORD_CHARS_MAX: Final = 100


ALPHABOT_API: Final = "1"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[plugins.slack]``: where to."""

    webhook_url: Secret

    def __post_init__(self) -> None:
        """Raise ValueError, which does not quote the address, unless it is one of Slack's."""
        try:
            known = host_of(self.webhook_url.reveal()) in HOSTS
        except ValueError as cause:
            raise ValueError(f"webhook_url: {cause}") from None
        if not known:
            raise ValueError("webhook_url: an address at https://hooks.slack.com was expected")


class Slack:
    """Hands notices to one webhook."""

    def __init__(self, poster: Poster, settings: Settings) -> None:
        self._poster = poster
        self._url = settings.webhook_url

    async def deliver(self, notice: Notice) -> None:
        """Post the notice; raises NotDelivered with the word that Slack answered."""
        answer = await self._poster.post(self._url.reveal(), message(notice))
        if answer.status != 200 or answer.body.strip() != b"ok":
            raise refusal(answer)


def message(notice: Notice) -> dict[str, object]:
    """Return the notice as Slack wants it; ``text`` is for where blocks are not shown."""
    blocks = list(_blocks(notice))
    return {"text": escaped(headline(notice), TEXT_CHARS_MAX), "mrkdwn": False, "blocks": blocks}


def refusal(answer: Answer) -> NotDelivered:
    """Return what Slack's answer means for the notice."""
    word = tidy(answer.body[:_WORD_CHARS_MAX].decode("utf-8", "replace").strip())
    return NotDelivered(
        f"Slack answered {answer.status} {word}".strip(),
        retry_after_seconds=answer.retry_after_seconds,
        pointless=400 <= answer.status < 500 and word in _POINTLESS,
    )


def escaped(text: str, chars_max: int) -> str:
    """Return the text so that Slack shows it as it is, no mention, link or channel in it."""
    # After the escaping the cut could fall into an "&amp;", so there is room for the longest.
    text = shortened(tidy(text), chars_max // _ESCAPE_FACTOR)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _blocks(notice: Notice) -> Iterator[dict[str, object]]:
    header = shortened(headline(notice), HEADER_CHARS_MAX)
    yield {"type": "header", "text": {"type": "plain_text", "text": header, "emoji": False}}
    if notice.progress is not None:
        yield {"type": "section", "text": _mrkdwn(bar(notice.progress))}
    fields = [
        _mrkdwn(f"*{escaped(name, _NAME_CHARS_MAX)}*\n{escaped(value, FIELD_CHARS_MAX - 200)}")
        for name, value in notice.figures[:_FIELDS_ALL_MAX]
    ]
    for first in range(0, len(fields), FIELDS_MAX):
        yield {"type": "section", "fields": fields[first : first + FIELDS_MAX]}
    if about := byline(notice):
        yield {"type": "context", "elements": [_mrkdwn(escaped(about, TEXT_CHARS_MAX))]}


def _mrkdwn(text: str) -> dict[str, object]:
    # Verbatim: Slack makes no links of what merely looks like one.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


@asynccontextmanager
async def open_slack(settings: Settings) -> AsyncIterator[Slack]:
    """Open a notifier with a client of its own."""
    async with open_poster() as poster:
        yield Slack(poster, settings)


@hookimpl
def settings() -> type[Settings]:
    """Say what ``[plugins.slack]`` may hold."""
    return Settings


@hookimpl
def register_notifiers(
    register: Callable[[str, NotifierFactory], None], settings: Settings
) -> None:
    """Register ``slack``."""
    register("slack", lambda: open_slack(settings))
