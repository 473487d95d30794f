"""A sweep that may be interrupted: what is kept counts once, and only for the same program."""

from __future__ import annotations

from pathlib import Path

import pytest

from alphabot.rehearsal.__main__ import main
from alphabot.rehearsal.counters import Counters
from alphabot.rehearsal.kept_results import KeptResults, digest_of_program
from alphabot.rehearsal.profile import Mode
from alphabot.rehearsal.sweep import Report, Result


def result(seed: int, *violations: str) -> Result:
    counters = Counters()
    counters.add("fault", "lost answer", seed + 1)
    counters.add("kill", "K3 connection opened")
    mode = Mode.SAFETY if seed % 2 else Mode.LIVENESS
    return Result(seed, mode, violations, 11, 2, 86.5, 0.25, (0.5, 1.25), counters)


def report_of(results: list[Result]) -> list[str]:
    report = Report()
    for each in results:
        report.add(each)
    return list(report.lines())


def test_what_was_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "sweep"
    ours = [result(0), result(1, "I-2: an order without its intent"), result(2)]
    kept = KeptResults(path, "a")
    for each in ours:
        kept.add(each)
    again = KeptResults(path, "a").known
    assert list(again) == [0, 1, 2]
    assert report_of(list(again.values())) == report_of(ours)


def test_a_line_that_was_cut_off_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "sweep"
    kept = KeptResults(path, "a")
    for seed in range(3):
        kept.add(result(seed))
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    kept = KeptResults(path, "a")
    assert list(kept.known) == [0, 1]
    kept.add(result(2))
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    ("text", "problem"),
    [('{"program":"b"}\n', "another program"), ("seeds\n", "no results"), ("{}\n", "no results")],
)
def test_what_is_not_of_this_program_is_refused_and_stays(
    tmp_path: Path, text: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sweep"
    path.write_text(text)
    assert main(["0", "1", "--results", str(path)]) == 2
    said = capsys.readouterr().err
    assert problem in said
    assert said.count("\n") == 1
    assert path.read_text() == text


def test_a_sweep_goes_on_where_it_was_interrupted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sweep"
    assert main(["0", "2", "--partial", "--results", str(path)]) == 0
    first = path.read_bytes()
    assert main(["0", "3", "--partial", "--results", str(path)]) == 0
    assert path.read_bytes().startswith(first)
    assert [*KeptResults(path, digest_of_program()).known] == [0, 1, 2]
    assert "3 seeds, " in capsys.readouterr().out
    # That nothing is rehearsed again is seen where a world is said to have failed.
    KeptResults(path, digest_of_program()).add(result(3, "I-9"))
    assert main(["0", "4", "--partial", "--results", str(path)]) == 1


def test_another_program_has_another_digest(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "a.py").write_text("1")
    before = digest_of_program(tmp_path)
    (tmp_path / "read.md").write_text("1")
    assert digest_of_program(tmp_path) == before
    (tmp_path / "core" / "a.py").rename(tmp_path / "b.py")
    moved = digest_of_program(tmp_path)
    (tmp_path / "b.py").write_text("2")
    assert len({before, moved, digest_of_program(tmp_path)}) == 3
