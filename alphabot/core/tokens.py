"""From the token a person names to exactly one alphaId, or to the candidates.

Display symbols are not unique (protocol section 2: one symbol, two alphaIds), so name and chain
must match exactly one row.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from alphabot.core.values import Token

__all__ = ["TokenNotFound", "resolve_token"]


class TokenNotFound(LookupError):
    """No token, or more than one, has this name on this chain; the text names the candidates."""

    def __init__(self, problem: str, *, chain_is_wrong: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.chain_is_wrong = chain_is_wrong


def resolve_token(tokens: Sequence[Token], name: str, chain_id: str) -> Token:
    """Return the one tradable token of that name (or alphaId) on that chain.

    Raises TokenNotFound with what would have been right.
    """
    named = [token for token in tokens if name in (token.name, token.alpha_id)]
    if not named:
        near = difflib.get_close_matches(name, sorted({token.name for token in tokens}), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise TokenNotFound(f"the exchange lists no token {name!r}{hint}")
    here = [token for token in named if token.chain_id == chain_id]
    if not here:
        chains = ", ".join(sorted({token.chain_name for token in named}))
        raise TokenNotFound(f"{name} is not on that chain, but on {chains}", chain_is_wrong=True)
    if len(here) > 1:
        ids = ", ".join(sorted(token.alpha_id for token in here))
        raise TokenNotFound(f"{name} names {len(here)} tokens there; use one of {ids}")
    if not here[0].tradable:
        raise TokenNotFound(f"{name} ({here[0].alpha_id}) cannot be traded at the exchange now")
    return here[0]
