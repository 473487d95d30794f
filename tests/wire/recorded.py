"""The recorded samples: what the exchange really sent, and the few messages it is believed to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from alphabot.exchange.wire.envelope import Reply

_SAMPLES = Path(__file__).parent / "samples"


def body(name: str) -> Any:
    """Return a sample's payload, such as that of ``ws_agg_trade.frame``."""
    return json.loads((_SAMPLES / f"{name}.json").read_text(encoding="utf-8"))["body"]


def reply(name: str) -> Reply:
    """Return a recorded answer as it would arrive."""
    return reply_of(body(f"{name}.response"))


def reply_of(payload: object) -> Reply:
    """Return an answer with this payload."""
    return Reply(200, {}, json.dumps(payload).encode())
