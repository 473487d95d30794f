"""No secret leaves through the log, whoever wrote it into what."""

import json
import urllib.parse
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.log import configure, redact, register_secret, say, say_exception

CANARY = "canary-5f3c9a\"'\\x 7+/é\n-end"
TOKEN = "123456789:AAF-made_up-0123456789abcdefghijk"
HEX = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def lines() -> Iterator[list[str]]:
    found: list[str] = []
    configure("zh", sink=found.append)
    yield found
    configure("zh")


def forms(secret: str) -> set[str]:
    """Return how a secret may stand in a text."""
    return {
        secret,
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        urllib.parse.quote(secret, safe=""),
    }


def test_a_registered_secret_is_masked_in_every_form(lines: list[str]) -> None:
    register_secret(CANARY)
    for form in forms(CANARY):
        say("request.refused", code="1", message=f"before {form} after")
        say("request.refused", code=form, message={"a": [CANARY]}, long="x" * 390 + form)
        try:
            raise httpx.ReadError(f"headers {CANARY!r}") from ValueError(form)
        except httpx.ReadError as error:
            say_exception("program.failed", error, header=("a", CANARY))
    text = "\n".join(lines)
    assert "***" in text
    for form in forms(CANARY):
        for start in range(len(form) - 8):
            assert form[start : start + 8] not in text


@given(st.text(alphabet="abAB01-_.", min_size=4, max_size=12), st.text(), st.text())
def test_nothing_of_a_registered_secret_is_left(secret: str, before: str, after: str) -> None:
    # Secrets are never forgotten, so these begin as nothing else does in these tests.
    secret = "⚿" + secret
    register_secret(secret)
    assert secret not in redact(before + secret + after)


def test_the_values_of_a_cookie_header_are_secrets_of_their_own() -> None:
    register_secret("cr00=cookie-value-number-one; logined=y; p20t=cookie-value-number-two")
    assert redact("<cookie-value-number-two> logined=y") == "<***> logined=y"


def test_what_is_too_short_to_be_a_secret_is_left_alone() -> None:
    register_secret("")
    register_secret("eh?")
    assert redact("eh? no") == "eh? no"


def test_secrets_that_overlap_leave_nothing_between() -> None:
    register_secret("overlap-one-two")
    register_secret("one-two-three")
    assert redact("<overlap-one-two-three>") == "<***>"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Cookie: cr00=abc; p20t=web.1.def", "Cookie: ***"),
        ("{'cookie': 'cr00=abc; p20t=def', 'a': 1}", "{'cookie': '***', 'a': 1}"),
        ('{"Set-Cookie": "p20t=\\"abc\\"; Path=/", "a": 1}', '{"Set-Cookie": "***", "a": 1}'),
        ("[(b'cookie', b'cr00=abc'), (b'a', b'1')]", "[(b'cookie', b'***'), (b'a', b'1')]"),
        (f"csrftoken: {HEX}", "csrftoken: ***"),
        (f"('csrftoken', '{HEX}')", "('csrftoken', '***')"),
        (f"csrftoken={HEX}, user_id=1", "csrftoken=***, user_id=1"),
        (f'{{"listenKey":"{HEX}"}}', '{"listenKey":"***"}'),
        (f"wss://host/stream?listenKey={HEX}&a=1", "wss://host/stream?listenKey=***&a=1"),
        (f'{{"params":["alpha@{HEX}"]}}', '{"params":["alpha@***"]}'),
        (f"https://api.telegram.org/bot{TOKEN}/x", "https://api.telegram.org/bot***/x"),
        ("https://hooks.slack.com/services/T0/B0/abc", "https://hooks.slack.com/***"),
        ("token xoxb-123-abc", "token ***"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln", "***"),
        ("http://me:pass@127.0.0.1:80/", "http://me:***@127.0.0.1:80/"),
        ("password=hunter2", "password=***"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, left: str) -> None:
    assert redact(text) == left
    assert redact(left) == left


@pytest.mark.parametrize(
    "text",
    [
        "the cookie expired, log in again",
        "listen key expired: a new one is asked for",
        "策略开始执行, strategy_id=koge_volume_boost, user_id=1",
        "working_order_id=10000044, status=FILLED, executed=13518.18",
        "http://127.0.0.1:39345/bapi/x?symbol=ALPHA_22USDT",
        "2026-11-22 15:53:36.529 | INFO    | x",
        "no token: ALPHA_351",
    ],
)
def test_what_is_no_secret_is_left(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "hostile",
    ["cookie=" * 20_000, "eyJ" * 50_000, "1" * 200_000, "://a:" * 40_000, "cookie='\\" * 9],
)
def test_masking_takes_no_time_to_speak_of(hostile: str) -> None:
    redact(hostile)


def test_say_masks_before_it_cuts(lines: list[str]) -> None:
    say("round.failed", reason="x" * 380 + f" csrftoken={HEX}")
    assert HEX[:8] not in lines[0]
