"""Headers and cookies: what a user supplied goes out, what the host renews comes in, no more."""

from __future__ import annotations

import hashlib
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.core.secret import Secret
from alphabot.errors import ConfigError
from alphabot.exchange.secret import Credentials
from alphabot.exchange.session import COOKIE_CHARACTERS_MAX, COOKIES_MAX, Session

HOST = "www.x.test"
CANARY = "canary-0123456789"


def session(cookie: str = "a=1; b=2", csrftoken: str = "", **headers: str) -> Session:
    secrets = {name: Secret(value) for name, value in headers.items()}
    return Session(HOST, Credentials(Secret(cookie), Secret(csrftoken), secrets))


def test_what_the_user_supplied_is_passed_on() -> None:
    found = session("a=1; b=2", "t" * 32, clienttype="android", **{"BNC-UUID": "u", "lang": "en"})
    assert dict(found.headers(with_body=True)) == {
        "cookie": "a=1; b=2",
        "csrftoken": "t" * 32,
        "clienttype": "android",
        "bnc-uuid": "u",
        "lang": "en",
        "user-agent": "alphabot",
        "accept-encoding": "identity",
        "content-type": "application/json",
    }


def test_what_belongs_to_the_connection_is_not() -> None:
    pasted = {
        "Host": "evil.test",
        "Content-Length": "5",
        "Accept-Encoding": "gzip, br",
        "Transfer-Encoding": "chunked",
        "Connection": "upgrade",
        "Cookie": "x=1",
        ":authority": "www.x.test",
        "User-Agent": "their own",
    }
    sent = dict(session(**pasted).headers(with_body=False))
    assert sent == {
        "cookie": "a=1; b=2",
        "clienttype": "web",
        "user-agent": "their own",
        "accept-encoding": "identity",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x", f"{CANARY}\r\nX: 1"),
        ("x", f"{CANARY}\x00"),
        ("x", f"{CANARY}é"),
        ("x y", CANARY),
        ("x\r\ny", CANARY),
        ("", CANARY),
    ],
)
def test_what_cannot_be_sent_is_refused_without_being_shown(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        session(**{name: value})
    assert CANARY not in str(caught.value)


def test_a_cookie_that_cannot_be_sent_is_refused() -> None:
    with pytest.raises(ConfigError):
        session("a=1\r\nX: 1")


@pytest.mark.parametrize(
    ("set_cookie", "cookie"),
    [
        ("a=9", "b=2; a=9"),
        ("c=3; Path=/; Secure; HttpOnly; SameSite=None", "a=1; b=2; c=3"),
        ("c=x=y==", "a=1; b=2; c=x=y=="),
        ("c=", "a=1; b=2; c="),
        ("a=9; Domain=www.x.test", "b=2; a=9"),
        ("a=9; Domain=.x.test", "b=2; a=9"),
        ("a=9; domain=X.TEST", "b=2; a=9"),
        ("a=; Max-Age=0", "b=2"),
        ("a=; Max-Age=-1", "b=2"),
        ("a=9; Max-Age=3600", "b=2; a=9"),
        ("a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=2"),
        ("a=9; Expires=Wed, 21 Oct 2099 07:28:00 GMT", "b=2; a=9"),
        ("a=9; Expires=soon", "b=2; a=9"),
        (f"a=9; Expires=Thu, 01 Jan {'9' * 20} 00:00:00 GMT", "b=2; a=9"),
        (f"a=9; Expires=Thu, 01 Jan 2099 00:00:00 +{'9' * 30}", "b=2; a=9"),
        ("a=9; Domain=evil.test", "a=1; b=2"),
        ("a=9; Domain=ww.x.test", "a=1; b=2"),
        ("a=9; Domain=a.www.x.test", "a=1; b=2"),
        ("", "a=1; b=2"),
        ("a", "a=1; b=2"),
        ("=9", "a=1; b=2"),
        ("a=\x01", "a=1; b=2"),
        ("a=é", "a=1; b=2"),
        (f"c={'x' * COOKIE_CHARACTERS_MAX}", "a=1; b=2"),
    ],
)
def test_what_the_host_may_set(set_cookie: str, cookie: str) -> None:
    found = session()
    found.absorb([set_cookie])
    assert found.cookie.reveal() == cookie


def test_expiry_follows_the_clock_of_the_host() -> None:
    expires = "a=9; Expires=Wed, 21 Oct 2026 07:28:00 GMT"
    found = session()
    found.absorb([expires], date="Wed, 21 Oct 2026 07:27:59 GMT")
    assert found.cookie.reveal() == "b=2; a=9"
    found.absorb([expires], date="Wed, 21 Oct 2026 07:28:00 GMT")
    assert found.cookie.reveal() == "b=2"


def test_a_host_cannot_fill_the_jar() -> None:
    found = session()
    found.absorb([f"n{number}=1" for number in range(2 * COOKIES_MAX)])
    assert len(found.cookie.reveal().split("; ")) == COOKIES_MAX


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_a_token_that_follows_its_cookie_goes_on_doing_so() -> None:
    found = session("cr00=old; a=1", md5("old"))
    found.absorb(["cr00=new"])
    assert dict(found.headers(with_body=False))["csrftoken"] == md5("new")
    found.absorb(["cr00=; Max-Age=0"])
    assert dict(found.headers(with_body=False))["csrftoken"] == md5("new")


def test_a_token_that_does_not_is_left_alone() -> None:
    found = session("cr00=old; a=1", "t" * 32)
    found.absorb(["cr00=new"])
    assert dict(found.headers(with_body=False))["csrftoken"] == "t" * 32


def test_a_public_session_has_nothing_of_a_user() -> None:
    public = Session(HOST)
    public.absorb(["a=1"])
    assert dict(public.headers(with_body=False)) == {
        "user-agent": "alphabot",
        "accept-encoding": "identity",
    }


@given(st.lists(st.text(max_size=40), max_size=3), st.text(max_size=40))
def test_any_set_cookie_leaves_headers_that_can_be_sent(lines: list[str], date: str) -> None:
    found = session()
    found.absorb(lines, date)
    assert found.cookie.reveal().isascii()
    assert not set("\r\n\0") & set(found.cookie.reveal())


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret(CANARY)
    credentials = Credentials(secret, secret, {"x": secret})
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        f"{credentials}",
        repr(session(CANARY)),
        repr({"a": [secret]}),
    ]
    assert not [text for text in shown if CANARY in text]
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert secret.reveal() == CANARY


def test_secrets_are_compared_by_what_they_hide() -> None:
    assert Secret("x") == Secret("x") != Secret("y")
    assert len({Secret("x"), Secret("x"), Secret("y")}) == 2
    assert Secret("x") != "x"
    assert not Secret("")
