"""The envelope: what each kind of answer means, and that nothing means more than it proves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.errors import (
    Challenged,
    ExchangeError,
    NotAuthorised,
    RateLimited,
    Refused,
    UnexpectedReply,
)
from alphabot.exchange.wire.envelope import (
    NOT_AUTHORISED_CODES,
    REFUSED_CODES,
    Reply,
    challenge,
    open_envelope,
    unwrap,
)
from tests.wire.recorded import body, reply

SAMPLES = Path(__file__).parent / "samples"
CHALLENGE = {"risk_challenge_biz_no": "b1", "risk_challenge_enable_flow": "true"}
HTML = b"<!DOCTYPE html><html><body>Request blocked</body></html>"


def envelope(code: str = "000000", *, success: bool | None = None, **rest: Any) -> bytes:
    members = {"code": code, "success": code == "000000" if success is None else success}
    return json.dumps(members | rest).encode()


def said(status: int = 200, raw: bytes = b"", /, **headers: str) -> Reply:
    return Reply(status, {name.replace("_after", "-after"): v for name, v in headers.items()}, raw)


def outcome(answer: Reply) -> ExchangeError | None:
    try:
        open_envelope(answer)
    except ExchangeError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("name", "error", "code"),
    [
        ("error_000002_amount_mismatch", Refused, "000002"),
        ("error_481002_price_or_amount", Refused, "481002"),
        ("error_481013_min_notional", Refused, "481013"),
        ("error_481020_insufficient_balance", Refused, "481020"),
        ("error_100002001_login_expired", NotAuthorised, None),
        ("error_100001003_extra_verification", Challenged, None),
    ],
)
def test_recorded_errors(name: str, error: type[ExchangeError], code: str | None) -> None:
    found = outcome(reply(name))
    assert type(found) is error
    if isinstance(found, Refused):
        assert found.code == code
        assert found.message == body(f"{name}.response")["message"]


def test_every_recorded_answer_is_a_success_or_one_of_these() -> None:
    for path in SAMPLES.glob("*.response.json"):
        name = path.name.removesuffix(".response.json")
        if name.startswith("error_") or name == "listen_key_alternatives":
            continue
        assert outcome(reply(name)) is None, name


@pytest.mark.parametrize(
    "answer",
    [
        said(401, HTML),
        said(401),
        said(403, envelope("100002001")),
        said(403, envelope("999999", message="forbidden")),
        said(302, b"", location="https://accounts.x.test/en/login?return_to=x"),
        said(200, envelope("100002001")),
        said(200, envelope("1", message="请检查是否已登录")),
        said(200, envelope("1", message="登录状态已经失效，请重新登录！")),
        said(200, envelope("1", message="Please log in again.")),
        said(200, envelope("1", message="step flows have not finish")),
        said(200, envelope("1", message="补充认证失败，您必须完成此认证才能进入下一步")),
        said(200, envelope("1", message="Your account has been restricted.")),
        said(200, envelope("1", message="您的账户已被限制")),
    ],
)
def test_what_silences_an_account(answer: Reply) -> None:
    assert type(outcome(answer)) is NotAuthorised


@pytest.mark.parametrize(
    "answer",
    [
        said(200, envelope("100001003")),
        said(200, envelope("481020"), **CHALLENGE),
        said(200, envelope("1"), risk_challenge_biz_no="b1"),
        said(503, HTML, **CHALLENGE),
        said(429, HTML, **CHALLENGE),
    ],
)
def test_what_silences_an_account_until_a_person_has_passed_a_check(answer: Reply) -> None:
    assert type(outcome(answer)) is Challenged


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (said(429, HTML), 60),
        (said(429, envelope("1"), retry_after="7"), 7),
        (said(429, b"", retry_after="0"), 1),
        (said(429, b"", retry_after="Fri, 31 Dec 1999 23:59:59 GMT"), 60),
        (said(429, b"", retry_after="-5"), 60),
        (said(429, b"", retry_after="٣"), 60),
        (said(429, b"", retry_after="9" * 400), 3 * 86_400),
        (said(418, b""), 300),
        (said(418, b"", retry_after="1200"), 1200),
        (said(403, HTML), 300),
        (said(403, b""), 300),
        (said(403, HTML, retry_after="5"), 300),
        (said(403, envelope("1"), retry_after="900"), 900),
    ],
)
def test_what_makes_everyone_wait(answer: Reply, seconds: float) -> None:
    found = outcome(answer)
    assert type(found) is RateLimited
    assert found.retry_after_seconds == seconds


@pytest.mark.parametrize(
    "answer",
    [
        said(200, b""),
        said(200, HTML),
        said(200, b"null"),
        said(200, b"[]"),
        said(200, b"{}"),
        said(200, b'{"code":"000000"}'),
        said(200, b'{"success":true}'),
        said(200, b'{"code":0,"success":true}'),
        said(200, b'{"code":"000000","success":"true"}'),
        said(200, envelope("000000", success=False)),
        said(200, envelope("481020", success=True)),
        said(200, envelope("100001001", message="系统异常")),
        said(200, envelope("481001")),
        said(200, envelope("481999", message="Unknown order")),
        said(200, envelope()[:-1]),
        said(200, b'{"code":"481020","code":"000000","success":true}'),
        said(201, envelope()),
        said(204, b""),
        said(302, b"", location="https://x.test/maintenance"),
        said(304, b""),
        said(101, b""),
        said(404, HTML),
        said(500, envelope("481020")),
        said(502, HTML),
        said(503, b""),
    ],
)
def test_what_proves_nothing(answer: Reply) -> None:
    assert type(outcome(answer)) is UnexpectedReply


def test_a_known_refusal_may_come_with_another_status() -> None:
    assert type(outcome(said(400, envelope("481020")))) is Refused


def test_a_success_under_a_challenge_is_still_a_success() -> None:
    answer = said(200, envelope(data="1"), **CHALLENGE)
    assert unwrap(answer, str, str) == "1"
    assert challenge(answer.headers) is not None


@pytest.mark.parametrize(
    "headers",
    [{}, {"risk_challenge_enable_flow": "false"}, {"risk_challenge_biz_no": " "}, {"x": "true"}],
)
def test_what_is_no_challenge(headers: dict[str, str]) -> None:
    assert challenge(headers) is None


def test_the_reviewed_codes_are_these() -> None:
    """A code added here says that the exchange did nothing; say in the review how that is known."""
    assert set(REFUSED_CODES) == {"000002", "481002", "481011", "481013", "481020"}
    assert set(NOT_AUTHORISED_CODES) == {"100002001", "100001003"}


def test_a_long_message_is_cut() -> None:
    found = outcome(said(200, envelope("481020", message="x" * 10_000)))
    assert isinstance(found, Refused)
    assert len(found.message) == 300


def test_a_reply_does_not_show_its_contents() -> None:
    assert repr(Reply(200, {"x": "secret"}, b"secret")) == "Reply(status=200)"


@given(
    status=st.sampled_from([200, 200, 200, 400, 401, 403, 418, 429, 500, 302])
    | st.integers(100, 599),
    raw=st.binary(max_size=80)
    | st.fixed_dictionaries(
        {},
        optional={
            "code": st.sampled_from([*REFUSED_CODES, *NOT_AUTHORISED_CODES, "000000", "7"]),
            "success": st.booleans() | st.none(),
            "message": st.none() | st.text(max_size=20) | st.just("请先登录"),
            "data": st.none() | st.text(max_size=5) | st.lists(st.integers(), max_size=2),
            "total": st.none() | st.integers(),
        },
    ).map(lambda members: json.dumps(members).encode()),
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "location", *CHALLENGE]), st.text(max_size=8)
    ),
)
def test_any_answer_is_a_value_or_a_typed_error(
    status: int, raw: bytes, headers: dict[str, str]
) -> None:
    found = outcome(Reply(status, headers, raw))
    if isinstance(found, Refused):
        assert found.code in REFUSED_CODES
    if found is None:
        members = json.loads(raw)
        assert (status, members["code"], members["success"]) == (200, "000000", True)
