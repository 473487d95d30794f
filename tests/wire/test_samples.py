"""Every sample that the exchange sent has a decoder, and no decoder takes what is no such thing.

What exactly each sample says is in the tests of its codec; here is what holds for all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.errors import ExchangeError, NotAuthorised, Refused, UnexpectedReply
from alphabot.exchange.wire.listing import Listing
from tests.wire.decoders import DECODERS
from tests.wire.recorded import SAMPLES, samples

SENT_BY_CLIENTS = {"http_request", "ws_frame_client"}
ALL = samples()
RECEIVED = {name: sample for name, sample in ALL.items() if sample.kind not in SENT_BY_CLIENTS}
ERRORS = [name for name in RECEIVED if name.startswith("error_")]
SOUND = [name for name in RECEIVED if name not in ERRORS]

LISTINGS = {"agg_ticker24.response", "exchange_info.response", "token_list.response"}
"""Read row by row: a row that cannot be read is refused alone."""
FRACTIONS = {
    "user_volume.response",
    "ws_kline_came_2025.frame",
    "ws_kline_came_2026.frame",
}
"""Where figures were seen, or may come, as JSON fractions."""


def test_every_sample_that_was_received_has_a_decoder() -> None:
    assert len(ALL) == len(list(SAMPLES.iterdir())) > 60
    assert {name for name in RECEIVED if name not in DECODERS} == set()
    assert {name for name in DECODERS if name not in RECEIVED} == set()


@pytest.mark.parametrize("name", SOUND)
def test_every_sample_is_decoded(name: str) -> None:
    texts = RECEIVED[name].texts
    assert texts
    for text in texts:
        assert DECODERS[name](text) is not None


@pytest.mark.parametrize("name", ERRORS)
def test_every_recorded_error_is_one_of_ours(name: str) -> None:
    (text,) = RECEIVED[name].texts
    with pytest.raises((Refused, NotAuthorised)):
        DECODERS[name](text)


def places(tree: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to every value in a tree, the containers among them."""
    yield place
    if isinstance(tree, dict | list):
        for key in tree if isinstance(tree, dict) else range(len(tree)):
            yield from places(tree[key], (*place, key))


def value_at(tree: Any, place: tuple[str | int, ...]) -> object:
    for key in place:
        tree = tree[key]
    return tree


def replaced(text: bytes, place: tuple[str | int, ...], value: object) -> bytes:
    if not place:
        return json.dumps(value).encode()
    tree = parent = json.loads(text)
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = value
    return json.dumps(tree).encode()


def outcome(name: str, text: bytes) -> object:
    """Return what a text says, or the type of the error that it is."""
    try:
        return DECODERS[name](text)
    except ExchangeError as error:
        return type(error)


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("junk", [{"a": [1]}, [[]], True, 0.5], ids=repr)
def test_a_value_of_another_type_is_refused_or_not_looked_at(name: str, junk: object) -> None:
    if junk == 0.5 and name in FRACTIONS:
        return
    for text in RECEIVED[name].texts:
        tree = json.loads(text)
        sound = outcome(name, json.dumps(tree).encode())
        for place in places(tree):
            if type(value_at(tree, place)) is type(junk) is bool:
                continue
            found = outcome(name, replaced(text, place, junk))
            if name in LISTINGS and isinstance(found, Listing):
                assert isinstance(sound, Listing)
                assert found.readable.items() <= sound.readable.items(), place
            else:
                assert found in (sound, None, UnexpectedReply), place


@pytest.mark.parametrize("name", [name for name in SOUND if name != "order_cancel.response"])
def test_the_contents_of_an_answer_matter(name: str) -> None:
    """A decoder that looked at nothing would pass every other test here."""
    for text in RECEIVED[name].texts:
        tree = json.loads(text)
        key = next(key for key in ("data", "listenKey", "id") if key in tree)
        assert outcome(name, replaced(text, (key,), {"e": None})) in (None, UnexpectedReply)


@given(st.sampled_from(sorted(RECEIVED)), st.binary(max_size=100))
def test_any_bytes_are_a_value_or_a_typed_error(name: str, raw: bytes) -> None:
    with suppress(ExchangeError):
        DECODERS[name](raw)


@given(st.data(), st.sampled_from(sorted(RECEIVED)))
def test_any_byte_of_a_sample_may_change(data: st.DataObject, name: str) -> None:
    raw = bytearray(data.draw(st.sampled_from(RECEIVED[name].texts)))
    position = data.draw(st.integers(0, len(raw) - 1))
    raw[position : position + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    with suppress(ExchangeError):
        DECODERS[name](bytes(raw))


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["NEW", "BUY", "1", "-1", "0", "NaN", "1e999", "2025-02-30"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(st.data(), st.sampled_from(sorted(RECEIVED)))
def test_any_part_of_a_sample_may_be_something_else(data: st.DataObject, name: str) -> None:
    text = data.draw(st.sampled_from(RECEIVED[name].texts))
    place = data.draw(st.sampled_from(list(places(json.loads(text)))))
    with suppress(ExchangeError):
        DECODERS[name](replaced(text, place, data.draw(JUNK)))
