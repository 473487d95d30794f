"""What Slack is sent stays within what Slack takes, and arrives at a webhook."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from alphabot.core.wording import units
from plugins.slack import Settings, message, open_slack
from tests.notifiers.samples import WEBHOOK_PATH, notice, secret

HOSTILE = st.text("<>&!@#*_`~|:/abc😀\n\u202e\ud800", max_size=40)
LONG = st.builds(lambda text, times: text * times, HOSTILE, st.integers(0, 300))


def texts(value: Any) -> list[dict[str, Any]]:
    """Return every text object of a message."""
    found = []
    if isinstance(value, dict):
        if value.get("type") in ("mrkdwn", "plain_text"):
            found.append(value)
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            found += texts(inner)
    return found


@given(
    LONG,
    st.lists(st.tuples(LONG, LONG), max_size=30).map(tuple),
    st.none() | st.floats(0, 1),
)
def test_whatever_is_told_slack_takes_it(
    title: str, figures: tuple[tuple[str, str], ...], progress: float | None
) -> None:
    sent: Any = message(notice(title, figures=figures, progress=progress))
    assert len(sent["blocks"]) <= 50
    assert units(sent["blocks"][0]["text"]["text"]) <= 150
    for block in sent["blocks"]:
        assert units(block.get("text", {}).get("text", "x")) in range(1, 3001)
        assert len(block.get("fields", "x")) in range(1, 11)
        assert all(0 < units(field["text"]) <= 2000 for field in block.get("fields", ()))
    for text in texts(sent["blocks"]):
        text["text"].encode()
        if text["type"] == "mrkdwn":
            assert text["verbatim"] is True
            assert re.sub("&(amp|lt|gt);", "", text["text"]).count("&") == 0
            assert "<" not in text["text"]
            assert ">" not in text["text"]
    assert "<" not in sent["text"]
    assert units(sent["text"]) <= 3000


def test_four_hundred_figures_are_too_many() -> None:
    sent: Any = message(notice(figures=(("a", "b"),) * 1000))
    assert len(sent["blocks"]) <= 50


async def test_a_notice_arrives(httpserver: HTTPServer) -> None:
    httpserver.expect_request(WEBHOOK_PATH, method="POST").respond_with_data("ok")
    async with open_slack(Settings(webhook_url=secret(httpserver.url_for(WEBHOOK_PATH)))) as slack:
        await slack.deliver(notice("<!channel> & more", progress=0.5))
    ((request, _),) = httpserver.log
    assert request.headers["Content-Type"] == "application/json"
    assert request.get_json() == {
        "text": "🎯 &lt;!channel&gt; &amp; more",
        "mrkdwn": False,
        "blocks": [
            {
                "type": "header",
                "text": {"type": "plain_text", "text": "🎯 <!channel> & more", "emoji": False},
            },
            {"type": "section", "text": mrkdwn("▰▰▰▰▰▰▱▱▱▱▱▱ 50 %")},
            {
                "type": "section",
                "fields": [mrkdwn("*volume*\n16384 USDT"), mrkdwn("*wear*\n12.41 USDT")],
            },
            {"type": "context", "elements": [mrkdwn("👤 1 · koge_volume_boost")]},
        ],
    }


def mrkdwn(text: str) -> dict[str, object]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/services/CANARY",
        "https://hooks.slack.com.evil.com/CANARY",
        "https://169.254.169.254/CANARY",
        "https://localhost.evil.com/CANARY",
        "file:///CANARY",
        "CANARY",
    ],
)
def test_a_webhook_is_one_of_slack_s(url: str) -> None:
    with pytest.raises(ValueError, match=r"^webhook_url: ") as refused:
        Settings(webhook_url=secret(url))
    assert "CANARY" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_settings_show_no_webhook() -> None:
    settings = Settings(webhook_url=secret("https://hooks.slack.com" + WEBHOOK_PATH))
    assert WEBHOOK_PATH not in f"{settings!r} {settings}"
