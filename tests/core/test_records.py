"""Records on their way to the journal and back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings

from alphabot.core.records import Leg, Record, Settled, decode, encode
from tests.core.samples import pair, placed, sale, settled
from tests.strategies import records

FEWER = settings(max_examples=50)  # each is drawn with a journal around it


@given(records)
@FEWER
def test_a_record_comes_back_as_it_was(record: Record) -> None:
    raw = encode(record)
    again = decode(raw)
    assert again == record
    assert type(again) is type(record)
    assert encode(again) == raw
    assert decode(raw.decode()) == record


def test_every_kind_of_record_has_a_tag_of_its_own() -> None:
    tags = {kind.__struct_config__.tag for kind in get_args(Record)}
    assert tags == {
        *("intended", "not_sent", "placed", "refused", "unknown", "updated"),
        *("settled", "leftover", "latched", "cleared", "reset", "configured"),
        *("witnessed", "written_off", "credited", "restored"),
        *("shown", "folded", "checkpointed"),
    }


def test_an_end_that_was_written_before_fills_had_times_is_read() -> None:
    raw = encode(settled(Leg.PENDING, "1", "2"))
    older = raw.replace(b'"filled_at_ms":null,', b"")
    assert older != raw
    assert decode(older) == settled(Leg.PENDING, "1", "2")


@pytest.mark.parametrize("field", ["quantity", "sell_price", "buy_price", "amount_usdt"])
def test_a_float_is_refused(field: str) -> None:
    change: dict[str, Any] = {field: 0.1}
    with pytest.raises(TypeError, match=f"{field}: a float was refused"):
        pair(**change)


@pytest.mark.parametrize("wild", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_refused(wild: str) -> None:
    with pytest.raises(ValueError, match="quantity: must be finite"):
        pair(quantity=Decimal(wild))
    raw = encode(pair()).replace(b'"13636.36"', f'"{wild}"'.encode())
    with pytest.raises(ValueError, match="must be finite"):
        decode(raw)


@pytest.mark.parametrize(
    "change",
    [
        (b'"type":"intended"', b'"type":"invented"'),
        (b'"type":"intended",', b""),
        (b'"quantity":"13636.36",', b""),
        (b'"13636.36"', b'"13636,36"'),
        (b'"13636.36"', b"null"),
        (b'"mul_point":1', b'"mul_point":1.5'),
        (b'"mul_point":1', b'"mul_point":"1"'),
        (b"}", b',"colour":"red"}'),
        (b"}", b""),
        (b"{", b"[{"),
    ],
)
def test_what_nobody_wrote_is_not_read(change: tuple[bytes, bytes]) -> None:
    raw = encode(pair())
    assert change[0] in raw
    with pytest.raises(ValueError, match=r"."):
        decode(raw.replace(*change))


@given(records)
@FEWER
def test_a_record_is_never_changed(record: Record) -> None:
    for field in record.__struct_fields__:
        with pytest.raises(AttributeError):
            setattr(record, field, getattr(record, field))


def test_what_is_not_said_is_nothing() -> None:
    text = encode(settled(Leg.PENDING, "1", "2")).replace(b'"credited":"0",', b"")
    again = decode(text)
    assert isinstance(again, Settled)
    assert (again.credited, again.fee_other) == (Decimal(0), "")
    assert (pair().mul_point, pair().volume_basis, pair().owner_epoch) == (1, "filled", 0)


def test_money_is_text() -> None:
    text = msgspec.json.decode(encode(settled(Leg.WORKING, "0.10", "1E-8")))
    assert (text["executed"], text["quote_usdt"]) == ("0.10", "1E-8")


def test_a_pair_is_told_from_a_sale() -> None:
    assert pair().is_pair
    assert not sale().is_pair
    assert placed(pair=False).working_order_id is None
