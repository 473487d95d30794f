"""The recorded samples: what the exchange really sent, and the few messages it is believed to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from alphabot.exchange.wire.envelope import Reply

SAMPLES = Path(__file__).parent / "samples"


class Sample(msgspec.Struct):
    """A file of the samples; ``body`` is what came, to the letter."""

    name: str
    kind: str
    body: msgspec.Raw

    @property
    def texts(self) -> list[bytes]:
        """What came: one text, or several where the file has a list of them."""
        if self.kind.endswith(("variants", "sequence")):
            return [bytes(text) for text in msgspec.json.decode(self.body, type=list[msgspec.Raw])]
        return [bytes(self.body)]


def samples() -> dict[str, Sample]:
    """Return every sample by its name."""
    paths = sorted(SAMPLES.glob("*.json"))
    found = [msgspec.json.decode(path.read_bytes(), type=Sample) for path in paths]
    return {sample.name: sample for sample in found}


def body(name: str) -> Any:
    """Return a sample's payload, such as that of ``ws_agg_trade.frame``."""
    return json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))["body"]


def reply(name: str) -> Reply:
    """Return a recorded answer as it would arrive."""
    return reply_of(body(f"{name}.response"))


def reply_of(payload: object) -> Reply:
    """Return an answer with this payload."""
    return Reply(200, {}, json.dumps(payload).encode())


def exchange_info_of(symbols: int) -> Reply:
    """Return exchange info with so many symbols, padded as they were: 685 were recorded."""
    payload = body("exchange_info.response")
    padded = payload["data"]["symbols"][0]
    names = [f"ALPHA_{number}" for number in range(symbols)]
    payload["data"]["symbols"] = [{**padded, "symbol": f"{name}USDT"} for name in names]
    payload["data"]["assets"] = [{"asset": name} for name in names]
    return reply_of(payload)


def token_list_of(tokens: int) -> Reply:
    """Return a token list with so many rows, their addresses of icons as long as any: 403 were."""
    payload = body("agg_ticker24.response")
    row = {**payload["data"][0], "iconUrl": "https://" + "x" * 200}
    payload["data"] = [{**row, "alphaId": f"ALPHA_{number}"} for number in range(tokens)]
    return reply_of(payload)
