"""What is broken on purpose still stands where it would be broken."""

from __future__ import annotations

import pytest

from tests.simulation.mutations import MUTATIONS, ROOT, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_its_text_is_there_once(mutation: Mutation) -> None:
    for name, old, new in mutation.edits:
        assert (ROOT / "alphabot" / name).read_text("utf-8").count(old) == 1
        assert old != new
