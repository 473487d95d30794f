"""A token that a person names is one token, or a complaint that says which it could have been."""

from __future__ import annotations

import pytest

from alphabot.core.tokens import TokenNotFound, resolve_token
from tests.core.samples import token

TOKENS = [
    token("ALPHA_22", "KOGE"),
    token("ALPHA_417", "SLX"),
    token("ALPHA_978", "SLX"),
    token("ALPHA_118", "BR", chain_id="1", chain_name="Ethereum"),
    token("ALPHA_119", "BR", chain_id="8453", chain_name="Base"),
    token("ALPHA_5", "GONE", tradable=False),
    token("ALPHA_6", "ALPHA_22"),
]


@pytest.mark.parametrize(
    ("name", "chain_id", "alpha_id"),
    [
        ("KOGE", "56", "ALPHA_22"),
        ("BR", "1", "ALPHA_118"),
        ("BR", "8453", "ALPHA_119"),
        ("ALPHA_417", "56", "ALPHA_417"),
        ("ALPHA_978", "56", "ALPHA_978"),
    ],
)
def test_name_and_chain_name_one_token(name: str, chain_id: str, alpha_id: str) -> None:
    assert resolve_token(TOKENS, name, chain_id).alpha_id == alpha_id


@pytest.mark.parametrize(
    ("name", "chain_id", "problem"),
    [
        ("KOGA", "56", "no token 'KOGA'; did you mean KOGE?"),
        ("koge", "56", "no token 'koge'"),
        ("", "56", "no token ''"),
        ("SLX", "56", "SLX names 2 tokens there; use one of ALPHA_417, ALPHA_978"),
        ("GONE", "56", "cannot be traded"),
        ("ALPHA_22", "56", "names 2 tokens there"),  # a token that calls itself another's id
    ],
)
def test_everything_else_is_refused_with_what_would_be_right(
    name: str, chain_id: str, problem: str
) -> None:
    with pytest.raises(TokenNotFound) as refused:
        resolve_token(TOKENS, name, chain_id)
    assert problem in refused.value.problem
    assert not refused.value.chain_is_wrong


def test_the_right_token_on_another_chain_names_its_chains() -> None:
    with pytest.raises(TokenNotFound) as refused:
        resolve_token(TOKENS, "BR", "56")
    assert refused.value.problem == "BR is not on that chain, but on Base, Ethereum"
    assert refused.value.chain_is_wrong


def test_an_empty_list_has_no_token() -> None:
    with pytest.raises(TokenNotFound, match=r"no token 'KOGE'$"):
        resolve_token([], "KOGE", "56")
