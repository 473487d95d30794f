"""What a person pastes: the session comes out of it, or one line that shows nothing secret."""

from __future__ import annotations

import json
import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphabot.errors import ConfigError
from alphabot.exchange.pasted import CHARACTERS_MAX, credentials_of
from alphabot.exchange.secret import Credentials
from alphabot.exchange.shell_words import split_words

HOST = "www.x.test"
COOKIE = "cr00=AB12cd; p20t=web.canary-cookie.x=="
TOKEN = "c0ffee00canary00token0000000000f"
OTHERS = {"clienttype": "web", "bnc-uuid": "u-canary", "device-info": 'ey"J!9'}

FULL = {"Cookie": COOKIE, "csrftoken": TOKEN, **OTHERS}


def curl(headers: dict[str, str], *, host: str = HOST, extra: str = "") -> str:
    """Return a command as a browser copies it: one line a header, single quotes."""
    lines = [f"curl 'https://{host}/bapi/x?a=1&b=2'"]
    lines += [f"  -H {shlex.quote(f'{name}: {value}')}" for name, value in headers.items()]
    return " \\\n".join([*lines, f'  {extra}--data-raw \'{{"a":"b"}}\'', "  --compressed"])


def lines(
    headers: dict[str, str], first: str = "POST /bapi/x HTTP/2\r\nHost: www.x.test\r\n"
) -> str:
    """Return a block of header lines with a body behind it."""
    block = "\r\n".join(f"{name}: {value}" for name, value in headers.items())
    return f"{first}{block}\r\n\r\n" + '{"a": "b"}'


def is_full(found: Credentials) -> bool:
    """Say whether nothing of the session is missing or changed."""
    others = {name: value.reveal() for name, value in found.headers.items()}
    kept = {name: value for name, value in others.items() if name in OTHERS}
    return (found.cookie.reveal(), found.csrftoken.reveal(), kept) == (COOKIE, TOKEN, OTHERS)


FORMS = {
    "as cURL": curl(FULL),
    "as cURL, cookies by option": curl(
        {n: v for n, v in FULL.items() if n != "Cookie"}, extra=f"-b '{COOKIE}' "
    ),
    "as cURL, ANSI quotes": curl(
        {n: v for n, v in FULL.items() if n != "device-info"},
        extra="-H $'device-info: ey\"J\\u00219' ",
    ),
    "as cURL, double quotes": 'curl --request POST --url "https://www.x.test/"'
    + "".join(' --header "{}"'.format(f"{n}: {v}".replace('"', '\\"')) for n, v in FULL.items()),
    "as cURL, options joined": f"curl --url=https://www.x.test/ '--cookie={COOKIE}'"
    + "".join(f" {shlex.quote(f'--header={n}: {v}')}" for n, v in FULL.items() if n != "Cookie"),
    "header lines": lines(FULL),
    "header lines alone": lines(FULL, first=""),
    "header lines of HTTP/2": lines({":authority": HOST, ":method": "POST", **FULL}, first=""),
    "JSON": json.dumps(FULL),
    "JSON with its headers inside": json.dumps({"url": "x", "headers": FULL}, indent=1),
    "with a byte order mark and spaces": f"\ufeff\n  {json.dumps(FULL)}\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_the_session_comes_out_of_every_form(form: str) -> None:
    assert is_full(credentials_of(FORMS[form], HOST))


def test_an_address_with_a_port_is_another_host() -> None:
    assert is_full(credentials_of(curl(FULL, host="127.0.0.1:8765"), "127.0.0.1:8765"))
    with pytest.raises(ConfigError, match=r"a request to 127\.0\.0\.1:8765 was expected"):
        credentials_of(curl(FULL, host="127.0.0.1:8766"), "127.0.0.1:8765")


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in FULL.items() if name not in names}


REFUSED = {
    "nothing": ("  \n", "nothing was pasted"),
    "prose": ("my password is canary", "this is no request"),
    "a cookie alone": (COOKIE, "this is no request"),
    "a page": ("<html><body>canary: x</body></html>", "this is no request"),
    "too much": ("x" * (CHARACTERS_MAX + 1), "at most 100000 characters"),
    "no cookie": (curl(without("Cookie")), "missing: cookie"),
    "no token": (lines(without("csrftoken")), "missing: csrftoken"),
    "neither": (json.dumps(OTHERS), "missing: cookie and csrftoken"),
    "an empty cookie": (json.dumps({**FULL, "Cookie": ""}), "missing: cookie"),
    "another host": (curl(FULL, host="evil.test"), "was one to evil.test"),
    "another host by its line": (
        lines(FULL, first="GET / HTTP/1.1\nHost: evil.test\n"),
        "was one to evil.test",
    ),
    "a host hidden behind a name": (curl(FULL, host="www.x.test@evil.test"), "cannot be read"),
    "two addresses": (curl(FULL, extra="https://www.x.test/ "), "one address was expected, were 2"),
    "no address": (f"curl -H 'cookie: {COOKIE}'", "one address was expected, were 0"),
    "a port that is none": (curl(FULL, host="www.x.test:99999"), "cannot be read"),
    "a cut cookie": (json.dumps({**FULL, "Cookie": "a=1; p20t"}), "the cookie is cut off"),
    "a shortened cookie": (json.dumps({**FULL, "Cookie": "a=1; p20t=canary…"}), "is cut off"),
    "a cookie twice": (
        json.dumps({**FULL, "Cookie": "a=1; b=2; a=3"}),
        "the cookie a is there twice",
    ),
    "two cookie headers": (
        lines({**FULL, "cookie": "other=canary"}),
        "the header cookie is there twice",
    ),
    "a member twice": ('{"Cookie": "a=1", "Cookie": "a=2"}', "the header cookie is there twice"),
    "a cut command": (curl(FULL)[:-60], "the command is cut off"),
    "cut JSON": (json.dumps(FULL)[:-2], "the JSON cannot be read"),
    "deep JSON": ('{"a":' * 15_000, "the JSON cannot be read"),
    "JSON of numbers": ('{"Cookie": 3}', "an object of header names and texts"),
    "a header name with a space": ('{"a b": "x"}', "a header's name cannot be read"),
    "the Windows form": ('curl ^"https://www.x.test/^" ^\n -H ^"a: b^"', "Windows command prompt"),
    "cookies from a file": (
        curl(without("Cookie"), extra="-b canary.txt "),
        "to read its cookies from a file",
    ),
    "a proxy": (curl(FULL, extra="--proxy http://evil.test "), "--proxy has no place"),
    "no certificate asked for": (curl(FULL, extra="-k "), "-k has no place"),
    "a control character": (
        json.dumps({**FULL, "lang": "e\nSet-Cookie: canary"}),
        "characters that cannot be sent",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_one_line_that_shows_nothing(case: str) -> None:
    text, problem = REFUSED[case]
    with pytest.raises(ConfigError, match=problem) as refused:
        credentials_of(text, HOST)
    said = str(refused.value) + repr(refused.value.__context__) * bool(refused.value.__cause__)
    assert "\n" not in str(refused.value)
    assert "canary" not in said
    assert "canary" not in repr(refused.value.args)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["", "curl ", "{", "cookie: ", "GET / HTTP/1.1\n"]))
def test_any_text_gives_credentials_or_a_complaint(text: str, start: str) -> None:
    try:
        credentials_of(start + text, HOST)
    except ConfigError as refused:
        assert len(str(refused)) < 400  # noqa: PT017 - either way is right


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(st.characters(min_codepoint=1, max_codepoint=0x2FFF, exclude_categories=["Cs"])),
        max_size=4,
    )
)
def test_words_are_split_as_a_shell_splits_them(words: list[str]) -> None:
    command = " ".join(map(shlex.quote, words))
    assert split_words(command) == words


@pytest.mark.parametrize(
    "quoted",
    [
        r"$'a\u0021b'",
        r"$'it\'s'",
        r"$'tab\there \\ \x41\101'",
        r'"a \"b\" \$c \d \\ e"',
        "a\\ b'c'\"d\"$'e'",
        "one \\\n two",
        "'' x",
    ],
)
def test_every_quotation_means_what_bash_says_it_means(quoted: str) -> None:
    script = f"printf '%s\\0' {quoted}"
    said = subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout
    assert split_words(quoted) == said.decode().split("\0")[:-1]
