"""Keys to the private order stream, and until when they carry events (protocol: listen key)."""

from __future__ import annotations

from alphabot.simulator.seeded import draw_hex

__all__ = ["ListenKeys"]


class ListenKeys:
    """All keys that were given out. An expired key stays known and carries nothing."""

    def __init__(self, seed: int, validity_ms: int, *, reuse: bool) -> None:
        self._seed = seed
        self._validity_ms = validity_ms
        self._reuse = reuse
        self._owner: dict[str, int] = {}
        self._valid_until_ms: dict[str, int] = {}
        self._latest: dict[int, str] = {}

    def issue(self, user_id: int, now_ms: int) -> str:
        """Return a valid key; where the present one is given again, its time starts anew."""
        key = self._latest.get(user_id)
        if key is None or not self._reuse or self.user_of(key, now_ms) is None:
            key = draw_hex(self._seed, "listen key", user_id, len(self._owner))
            self._owner[key] = user_id
            self._latest[user_id] = key
        self._valid_until_ms[key] = now_ms + self._validity_ms
        return key

    def expire(self, user_id: int) -> None:
        """Make every key of a user worthless at once."""
        for key, owner in self._owner.items():
            if owner == user_id:
                self._valid_until_ms[key] = 0

    def user_of(self, key: str, now_ms: int) -> int | None:
        """Return whose events the key carries now, None if it is unknown or expired."""
        return self._owner[key] if now_ms < self._valid_until_ms.get(key, 0) else None
