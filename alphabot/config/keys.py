"""The one table of keys: name, what it may be, default, meaning, and whether it is built.

What this table says is what the program does: the reader reads by it, complaints quote it, and
documentation is made from it. A key that is known but has no guard behind it yet is listed with
the reason in ``unbuilt``, and refused rather than ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

from alphabot.config.addresses import LiveUrl, LoopbackUrl
from alphabot.config.key import REQUIRED, Key, Section
from alphabot.config.kinds import (
    Choice,
    Flag,
    ListOf,
    Number,
    Text,
    Timing,
    Whole,
)
from alphabot.config.limit_keys import AMOUNT, LIMITS, MONEY, POINTS
from alphabot.config.notice_keys import NOTICES
from alphabot.config.user_keys import USER

__all__ = ["CHAINS", "LIVE_EXCHANGE", "REQUIRED", "SECTIONS", "SHARED", "TOP", "Key", "Section"]

CHAINS: Mapping[str, str] = MappingProxyType(
    {
        "BSC": "56",
        "Ethereum": "1",
        "Base": "8453",
        "Arbitrum": "42161",
        "Sonic": "146",
        "Solana": "CT_501",
        "Sui": "CT_784",
        "TRON": "CT_195",
    }
)
"""From the names of chains to the exchange's chain ids (protocol section 2)."""


_NAME = Text(r"\w[\w.-]{0,63}", "a name (up to 64 letters, digits, _ - .)")
_DAY = 86_400

TOP = Section(
    "",
    "Before the first table.",
    (Key("language", Choice(("zh", "en")), "of log lines, notices and reports", "zh"),),
)

_MODE = Key(
    "mode",
    Choice(("simulated", "dry-run", "live")),
    "simulated: nothing leaves this machine; dry-run: real prices, simulated accounts and fills;"
    " live: real orders, once you also say --live",
    "simulated",
)

_EXCHANGE = Section(
    "[exchange]",
    "Which exchange: a simulated one in this process, or one that runs elsewhere.",
    (
        _MODE,
        Key("rest_url", LoopbackUrl("http", path=False), "requests of another exchange", None),
        Key("order_stream_url", LoopbackUrl("ws", path=True), "its order stream", None),
        Key("market_stream_url", LoopbackUrl("ws", path=True), "its market stream", None),
    ),
)

_REST_URL = "https://www.binance.com"
_ORDER_STREAM_URL = "wss://nbstream.binance.com/w3w/stream"
_MARKET_STREAM_URL = "wss://nbstream.binance.com/w3w/wsa/stream"

LIVE_EXCHANGE = Section(
    "[exchange]",
    "The same table in live mode and in a dry run: the hosts of the web page (protocol section 1),"
    " or yours.",
    (
        _MODE,
        Key("rest_url", LiveUrl("https", False, _REST_URL), "requests", _REST_URL),
        Key(
            "order_stream_url",
            LiveUrl("wss", True, _ORDER_STREAM_URL),
            "the order stream, which a dry run leaves alone",
            _ORDER_STREAM_URL,
        ),
        Key(
            "market_stream_url",
            LiveUrl("wss", True, _MARKET_STREAM_URL),
            "the market stream",
            _MARKET_STREAM_URL,
        ),
    ),
)

_DRY_RUN = Section(
    "[dry_run]",
    "The simulated accounts of a dry run; without effect in another mode.",
    (Key("balance_usdt", MONEY, "what an account that is new begins with", 1000),),
)

SHARED = (
    Key(
        "buy_offset_percentage",
        Number(-90, 100),
        "the BUY limit is this far above the price",
        10,
        shared="default_buy_offset_percentage",
    ),
    Key(
        "sell_profit_percentage",
        Number(-100, 99),
        "the SELL limit is this far below the BUY limit",
        10,
        shared="default_sell_profit_percentage",
    ),
    Key(
        "trade_interval_seconds",
        Timing(0, _DAY),
        "pause between two rounds",
        1,
        shared="default_trade_interval_seconds",
    ),
    Key(
        "single_trade_amount_usdt",
        AMOUNT,
        "what one round buys for",
        30,
        shared="default_single_trade_amount_usdt",
    ),
    Key("order_timeout_seconds", Timing(Decimal("0.1"), _DAY), "how long a leg may wait", 300),
    Key("failure_backoff_factor", Timing(1, 10_000), "times the pause, after a failure", 20),
    Key(
        "pricing",
        _NAME,
        "the rule that proposes the two limits: percent_offset, book_touch, patient, or a plugin's",
        "percent_offset",
    ),
    Key(
        "multiplier",
        _NAME,
        "the rule from volume to credited volume: divide, points, flat, or a plugin's",
        "divide",
    ),
    Key("volume_basis", Choice(("filled", "ordered")), "which volume of a BUY counts", "filled"),
    Key(
        "on_sell_timeout",
        Choice(("wait", "ladder")),
        "what to do when a SELL does not fill",
        "wait",
    ),
    Key(
        "schedule",
        Choice(("once", "daily")),
        "once: until the target is reached; daily: anew every UTC day",
        "once",
    ),
    Key(
        "start_time_utc",
        Text(r"([01][0-9]|2[0-3]):[0-5][0-9]", 'a time of day in UTC such as "08:30"'),
        "when the trading of a day begins, for schedule daily",
        "00:00",
    ),
)
"""What ``[global_settings]`` says for all strategies and each strategy may say for itself."""

_SERVICE_WIDE = (
    Key("grace_seconds", Timing(0, 3600), "how long a round may go on after a stop", 30),
    Key(
        "settle_seconds",
        Timing(Decimal("0.1"), _DAY),
        "how long to look before an order counts as never placed",
        None,
    ),
    Key(
        "stream_required",
        Flag(),
        "false: trade on without the order stream, by asking for every order",
        True,
    ),
    Key(
        "on_volume_mismatch",
        Choice(("notify", "halt")),
        "what to do where the exchange's own volume of today contradicts ours",
        "notify",
    ),
    Key(
        "journal_on_network_disk",
        Flag(),
        "keep the journal on NFS, SMB or the like all the same, without a write-ahead log",
        False,
    ),
)
"""What ``[global_settings]`` says for the whole service."""

_GLOBAL_SETTINGS = Section(
    "[global_settings]",
    "For every strategy that does not say otherwise, and for the whole service.",
    (*(replace(key, name=key.shared or key.name) for key in SHARED), *_SERVICE_WIDE),
)

_LOG = Section(
    "[log]",
    "Where log lines are kept, besides the terminal or pipe.",
    (
        Key("file", Text(r".{1,1000}", "a file"), "relative to this file; none without it", None),
        Key("rotate_bytes", Whole(10_000, 10**12), "then a new one is begun", 10_000_000),
        Key("keep_files", Whole(0, 1000), "how many old ones are kept", 5),
        Key("json", Flag(), "every line one JSON object, in the file and elsewhere", False),
    ),
)

_STRATEGIES = Section(
    "[[strategies]]",
    "One per token and target.",
    (
        Key("strategy_id", _NAME, "its name in logs, commands and the journal"),
        Key(
            "target_token",
            Text(r"\S(.{0,62}\S)?", "a token's symbol or ALPHA_ id"),
            "the token's symbol, or its ALPHA_ id where two tokens share a symbol",
        ),
        Key("target_chain", Choice(tuple(CHAINS)), "the chain the token is on"),
        Key("target_volume", MONEY, "credited volume to reach, per user", None),
        Key("target_points", POINTS, "or the volume points to reach, per user", None),
        Key("user_ids", ListOf(Whole(1, 999_999_999), least=1), "who trades it"),
        *(replace(key, default=None) for key in SHARED),
        *(replace(key, unbuilt="one value holds for the whole service") for key in _SERVICE_WIDE),
    ),
)

_PLUGINS = Section(
    "[plugins]",
    "Rules of your own; [plugins.NAME] holds the settings of one.",
    (
        Key(
            "paths",
            ListOf(Text(r".{1,1000}", "a folder")),
            "folders with drop-in plugins, relative to this file",
            [],
        ),
        Key("enabled", ListOf(_NAME), "which plugins to load; no other is imported", []),
        Key("bench_after", Whole(1, 1000), "failures in a row, then it is asked no more", 5),
    ),
)

SECTIONS: Mapping[str, Section] = MappingProxyType(
    {
        "exchange": _EXCHANGE,
        "dry_run": _DRY_RUN,
        "global_settings": _GLOBAL_SETTINGS,
        "limits": LIMITS,
        "strategies": _STRATEGIES,
        "users": USER,
        "plugins": _PLUGINS,
        "notices": NOTICES,
        "log": _LOG,
    }
)
"""The tables by name; ``[[strategies]]`` may stand more than once, ``[users.N]`` once a user."""
