"""What the services answer when they do not take a notice, and what that says to the host."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from alphabot.errors import NotDelivered
from plugins import slack
from plugins.telegram import Settings, open_telegram
from tests.notifiers.samples import CHAT, GROUP, TOKEN, WEBHOOK_PATH, notice, secret
from tests.notifiers.test_webhook import everything_said

SEND = f"/bot{TOKEN}/sendMessage"


def telegram(server: HTTPServer, *chat_ids: int) -> Settings:
    return Settings(
        bot_token=secret(), chat_ids=chat_ids or (CHAT,), api_url=server.url_for("").rstrip("/")
    )


def no(code: int, description: str, **parameters: object) -> dict[str, Any]:
    """Return Telegram's form of a no."""
    answer = {"ok": False, "error_code": code, "description": description}
    return {"response_json": answer | ({"parameters": parameters} if parameters else {})}


@pytest.mark.parametrize(
    ("status", "answer", "pointless", "wait", "says"),
    [
        (429, no(429, "Too Many Requests: retry after 7", retry_after=7), False, 7, "429 Too Many"),
        (429, no(429, "Too Many Requests", retry_after=-7), False, None, "429"),
        (500, no(500, "Internal Server Error"), False, None, "500"),
        (401, no(401, "Unauthorized"), True, None, "401 Unauthorized"),
        (404, no(404, "Not Found"), True, None, "404"),
        (403, no(403, "Forbidden: bot was blocked by the user"), True, None, "blocked"),
        (400, no(400, "Bad Request: chat not found"), True, None, "chat not found"),
        (
            400,
            no(400, "Bad Request: group upgraded", migrate_to_chat_id=-100777),
            True,
            None,
            "the group is now chat -100777",
        ),
        (400, no(400, f"no such method /bot{TOKEN}/x\n\x1b[31m"), True, None, "/bot***/x"),
        (403, {"response_data": "<html>captive portal</html>"}, False, None, "nothing readable"),
        (502, {"response_data": "Bad Gateway"}, False, None, "502"),
        (503, {"response_data": "", "headers": {"Retry-After": "9"}}, False, 9, "503"),
        (200, {"response_data": "[]"}, False, None, "nothing readable"),
        (200, {"response_data": "[" * 100_000}, False, None, "nothing readable"),
        (200, {"response_data": b"\xff\xfe"}, False, None, "nothing readable"),
        (200, {"response_json": {"ok": "yes"}}, False, None, "nothing readable"),
        (302, {"response_data": "", "headers": {"Location": "/x"}}, False, None, "302"),
    ],
)
async def test_telegram_says_no(
    httpserver: HTTPServer,
    status: int,
    answer: dict[str, Any],
    pointless: bool,
    wait: float | None,
    says: str,
) -> None:
    request = httpserver.expect_request(SEND, method="POST")
    if "response_json" in answer:
        request.respond_with_json(answer["response_json"], status=status)
    else:
        request.respond_with_data(status=status, **answer)
    async with open_telegram(telegram(httpserver)) as notifier:
        with pytest.raises(NotDelivered) as raised:
            await notifier.deliver(notice())
    assert says in str(raised.value)
    assert str(raised.value).isprintable()
    assert raised.value.pointless is pointless
    assert raised.value.retry_after_seconds == wait
    assert TOKEN not in everything_said(raised.value)


async def test_who_has_it_does_not_get_it_again(httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request(SEND).respond_with_json({"ok": True, "result": {}})
    httpserver.expect_ordered_request(SEND).respond_with_json(
        no(429, "Too Many Requests", retry_after=3)["response_json"], status=429
    )
    httpserver.expect_ordered_request(SEND).respond_with_json({"ok": True, "result": {}})
    async with open_telegram(telegram(httpserver, CHAT, GROUP)) as notifier:
        with pytest.raises(NotDelivered) as raised:
            await notifier.deliver(notice())
        assert raised.value.retry_after_seconds == 3
        await notifier.deliver(notice())
    httpserver.check_assertions()
    asked = [request.get_json()["chat_id"] for request, _ in httpserver.log]
    assert asked == [CHAT, GROUP, GROUP]


async def test_a_chat_that_blocked_the_bot_keeps_nothing_from_the_others(
    httpserver: HTTPServer,
) -> None:
    blocked = no(403, "Forbidden: bot was blocked by the user")["response_json"]
    for _ in range(2):
        httpserver.expect_ordered_request(SEND).respond_with_json(blocked, status=403)
        httpserver.expect_ordered_request(SEND).respond_with_json({"ok": True, "result": {}})
    async with open_telegram(telegram(httpserver, CHAT, GROUP)) as notifier:
        await notifier.deliver(notice())
        await notifier.deliver(notice("another"))
    httpserver.check_assertions()


@pytest.mark.parametrize(
    ("status", "body", "pointless", "wait"),
    [
        (403, "invalid_token", True, None),
        (404, "no_service", True, None),
        (404, "channel_not_found", True, None),
        (410, "channel_is_archived", True, None),
        (403, "action_prohibited", True, None),
        (400, "invalid_blocks", True, None),
        (400, "user_not_found", True, None),
        (403, "<html>a proxy</html>", False, None),
        (404, "", False, None),
        (429, "rate_limited", False, 30),
        (500, "rollup_error", False, None),
        (500, "invalid_token", False, None),
        (200, "not ok", False, None),
        (200, "", False, None),
        (302, "", False, None),
        (404, "\x1b[31mno_service\n" * 100, False, None),
    ],
)
async def test_slack_says_no(
    httpserver: HTTPServer, status: int, body: str, pointless: bool, wait: float | None
) -> None:
    headers = {"Retry-After": "30"} if status == 429 else {"Location": "/elsewhere"}
    httpserver.expect_request(WEBHOOK_PATH).respond_with_data(body, status, headers)
    settings = slack.Settings(webhook_url=secret(httpserver.url_for(WEBHOOK_PATH)))
    async with slack.open_slack(settings) as notifier:
        with pytest.raises(NotDelivered) as raised:
            await notifier.deliver(notice())
    assert str(raised.value).startswith(f"Slack answered {status}")
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 150
    assert raised.value.pointless is pointless
    assert raised.value.retry_after_seconds == wait
    assert WEBHOOK_PATH not in everything_said(raised.value)
    assert len(httpserver.log) == 1
