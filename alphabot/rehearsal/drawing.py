"""From a seed to a world: what each draw means, and how strongly a fault may be drawn."""

from __future__ import annotations

import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from alphabot.rehearsal.faults import KINDS, FaultSite
from alphabot.rehearsal.life import Kill, KillPoint
from alphabot.rehearsal.profile import Mode, Moment, Profile, StrategyProfile
from alphabot.simulator.seeded import generator
from alphabot.simulator.tokens import DEFAULT_TOKENS, Token

__all__ = ["draw_profile"]

_TOKENS = {token.symbol: token for token in DEFAULT_TOKENS if token.symbol in ("KOGE", "AOP")}
_TOKENS["PIPE"] = next(token for token in DEFAULT_TOKENS if token.symbol == "PIPE")
_CHAINS = {"KOGE": "BSC", "AOP": "BSC", "PIPE": "Solana"}
_SETTLE_SECONDS_MIN = 5.0
_OUR_RULES = ("percent_offset",) * 4 + ("book_touch", "patient")
_HARDLY_FILLS = {"buys never fill", "sells never fill", "thin book", "fills share a trade id"}
"""Kinds whose worlds would come to no end with a rule that refuses a thin book, or waits."""
_HOW_MANY_KINDS = (0, 1, 1, 2, 3, 4, 6, 9, 14)

_WITHOUT_STREAM_SHARE = 0.2
"""Of all worlds, those whose users may trade without their order stream."""


def draw_profile(seed: int, mode: Mode | None = None) -> Profile:
    """Return the world of a seed; without a mode, even seeds are of safety, odd ones of liveness.

    A kind of fault is picked by its name with each eighth seed beside those that are drawn, so
    that no sweep leaves one out by chance.
    """
    rng = generator(seed, "world")
    mode = mode or (Mode.LIVENESS if seed % 2 else Mode.SAFETY)
    rates = _rates(rng, seed)
    plugins = tuple(name for name in rates if KINDS[name].site is FaultSite.PLUGIN)
    strategies = _strategies(seed, rng, rates, plugins)
    users = sorted({user for each in strategies for user in each.user_ids})
    lag_ms = int(rates.get("lists lag", 0))
    settle = max(2 * lag_ms / 1000, _SETTLE_SECONDS_MIN)
    faults_end_at = rng.choice((60.0, 120.0, 240.0))
    kills = _kills(rng)
    moments = _moments(rng, rates, users, faults_end_at)
    if any(kill.point is KillPoint.K17 for kill in kills):
        moments = (Moment(round(rng.uniform(0.5, 9), 3), "stop once", users[0]), *moments)
    if any(kill.point is KillPoint.K13 for kill in kills):
        moments = (Moment(round(rng.uniform(2, 20), 3), "risk challenge", users[0]), *moments)
    return Profile(
        seed=seed,
        mode=mode,
        strategies=strategies,
        limits=_limits(rng, rates, strategies),
        grace_seconds=rng.choice(("0", "2", "30")),
        # A generator of its own, so that what else is drawn stays as it was.
        stream_required=generator(seed, "stream required").random() >= _WITHOUT_STREAM_SHARE,
        exchange=_exchange(rng, rates, strategies),
        faults=rates,
        moments=moments,
        kills=kills,
        faults_end_at=faults_end_at,
        held_seconds_max=max(0.5, settle - lag_ms / 1000 - 1.5),
        plugin_kinds=plugins,
        notifier_kinds=tuple(n for n in rates if KINDS[n].site is FaultSite.NOTIFIER),
    )


def _rates(rng: random.Random, seed: int) -> dict[str, float]:
    """Draw kinds and their rates; few and often, or many and seldom."""
    names = list(KINDS)
    count = rng.choice(_HOW_MANY_KINDS)
    chosen = set(rng.sample(names, count))
    chosen.add(names[seed // 2 % len(names)])
    rates: dict[str, float] = {}
    for name in names:
        if name in chosen:
            kind = KINDS[name]
            if kind.site in (FaultSite.MOMENT,):
                rates[name] = float(rng.randint(1, int(kind.most)))
            elif kind.site in (FaultSite.WORLD, FaultSite.PLUGIN, FaultSite.NOTIFIER):
                rates[name] = kind.most if kind.most <= 100 else rng.uniform(500, kind.most)
            else:
                strongest = kind.most if count <= 3 else kind.most / 3
                rates[name] = round(strongest * rng.choice((1.0, 0.5, 0.2)), 2)
    return rates


def _strategies(
    seed: int, rng: random.Random, rates: Mapping[str, float], plugins: tuple[str, ...]
) -> tuple[StrategyProfile, ...]:
    tokens = rng.sample(sorted(_CHAINS), rng.choice((1, 1, 2)))
    rules = [name for name in plugins if name.startswith("rule ")]
    multipliers = [name for name in plugins if name.startswith("multiplier ")]
    strategies = []
    for token in tokens:
        user_ids = tuple(sorted(rng.sample((1, 2, 3), rng.choice((1, 1, 2, 2, 3)))))
        amount = rng.choice(("8", "15", "30"))
        multiplier = rng.choice(("divide", "divide", "flat"))
        rounds = rng.choice((2, 4, 5, 6, 8))
        divisor = _TOKENS[token].mul_point if multiplier == "divide" else 1
        target = Decimal(amount) * rounds * Decimal("0.9") / divisor
        strategies.append(
            StrategyProfile(
                strategy_id=f"{token.lower()}_run",
                token=token,
                chain=_CHAINS[token],
                user_ids=user_ids,
                amount_usdt=amount,
                target_volume=str(round(target, 2)),
                volume_basis=rng.choice(("filled", "filled", "ordered")),
                multiplier=_rule(multipliers) or multiplier,
                pricing=_rule(rules) or _our_rule(seed, token, rates),
                interval_seconds=rng.choice(("0.1", "1", "3")),
                order_timeout_seconds="15" if "buys never fill" in rates else "60",
                on_sell_timeout=rng.choice(("wait", "ladder")),
                sell_profit="-5" if "sells never fill" in rates else "10",
            )
        )
    return tuple(strategies)


def _our_rule(seed: int, token: str, rates: Mapping[str, float]) -> str:
    """Draw a rule of ours, mostly the original; where orders hardly fill, that alone.

    It has a generator of its own, so that what else is drawn does not hang on how many rules
    there are.
    """
    if _HARDLY_FILLS & rates.keys():
        return "percent_offset"
    return generator(seed, "pricing", token).choice(_OUR_RULES)


def _rule(names: list[str]) -> str:
    return names[0].replace(" ", "_") if names else ""


def _limits(
    rng: random.Random, rates: Mapping[str, float], strategies: tuple[StrategyProfile, ...]
) -> dict[str, str]:
    """Draw limits; mostly those of the shipped configuration, sometimes tight ones."""
    largest = max(Decimal(each.amount_usdt) for each in strategies)
    tight = {
        "max_orders_per_minute": rng.choice(("3", "8")),
        "max_exposure_usdt": rng.choice(("30", "40")),
        "max_total_exposure_usdt": str(largest * Decimal("1.2")),
        "max_rounds": rng.choice(("2", "4")),
        # A round may lose a tenth at worst, so this is what three or four really do.
        "max_daily_loss_usdt": str(largest * Decimal("0.105")),
        "max_consecutive_failures": rng.choice(("1", "2")),
        "max_spread_bp": rng.choice(("3", "8")),
        "max_dust_bp": "0.5",
        "max_price_age_seconds": "1",
        "max_source_deviation_percent": "0.05",
        "max_leftover_usdt": "1",
    }
    chosen = rng.sample(sorted(tight), rng.choice((0, 0, 0, 1, 2)))
    limits = {name: tight[name] for name in chosen}
    if "max_total_exposure_usdt" in limits:
        limits["max_exposure_usdt"] = limits["max_total_exposure_usdt"]
    if "sells never fill" in rates:
        limits["price_collar_percent"] = "20"
    return limits


def _exchange(
    rng: random.Random, rates: Mapping[str, float], strategies: tuple[StrategyProfile, ...]
) -> dict[str, Any]:
    tokens: tuple[Token, ...] = tuple(_TOKENS[each.token] for each in strategies)
    settings: dict[str, Any] = {
        "tokens": tokens,
        "step_ms": rng.choice((1000, 2000, 5000)),
        "depth_levels": 8,
        "volatility_percent": rng.choice((20, 100, 100, 300)),
        "fill_delay_ms": rng.choice(((20, 200), (200, 800), (500, 4000))),
        "split_fill_percent": rng.choice((0, 10, 50)),
        "push_delay_ms": rng.choice(((3, 15), (3, 15), (50, 900))),
        "push_before_reply_percent": int(rates.get("pushes before replies", 25)),
        "visibility_lag_ms_max": int(rates.get("lists lag", 0)),
        "listen_key_reuse": "new key at every request" not in rates,
        "listen_key_validity_ms": 90_000 if "keys expire soon" in rates else 3_600_000,
        "subscriber_frames_max": 4096,
        "level_usdt": (1, 30)
        if {"thin book", "fills share a trade id"} & rates.keys()
        else (20, 800),
        "funding_usdt": Decimal(1000),
    }
    if "buys never fill" in rates:
        settings["fill_delay_ms"] = (8_000, 60_000)
    return settings


def _moments(
    rng: random.Random, rates: Mapping[str, float], users: list[int], until: float
) -> tuple[Moment, ...]:
    moments = [
        Moment(round(rng.uniform(0.5, until * 0.8), 3), name, rng.choice(users))
        for name, rate in rates.items()
        if KINDS[name].site is FaultSite.MOMENT
        for _ in range(int(rate))
    ]
    return tuple(sorted(moments, key=lambda moment: (moment.at_seconds, moment.kind)))


def _kills(rng: random.Random) -> tuple[Kill, ...]:
    if rng.random() < 0.1:
        return (Kill(KillPoint.K17, 1),)
    points = [p for p in KillPoint if p not in (KillPoint.K16, KillPoint.K17)]
    kills = [
        Kill(rng.choice(points), rng.choice((1, 1, 2, 3)))
        for _ in range(rng.choice((0, 0, 1, 2, 4)))
    ]
    return (Kill(KillPoint.K16, 1), *kills) if rng.random() < 0.1 else tuple(kills)
