"""The line of each key, in every way that TOML can write one."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from alphabot.config.complaints import KeyPath
from alphabot.config.places import DEPTH_MAX, TooDeep, lines_of

EXAMPLES: dict[str, tuple[str, dict[KeyPath, int]]] = {
    "nothing": ("", {}),
    "comments alone": ("# a = 1\n  # [b]\n", {}),
    "pairs": ("a = 1\n\n# b = 2\nb=2 # c\n  c   =  3", {("a",): 1, ("b",): 4, ("c",): 5}),
    "table": ("[t]\n\na = 1", {("t",): 1, ("t", "a"): 3}),
    "blanks in a header": (
        "\n [ t . 'u' ] # x\na = 1",
        {("t",): 2, ("t", "u"): 2, ("t", "u", "a"): 3},
    ),
    "array of tables": (
        "[[t]]\na = 1\n[[t]]\n[[t]]\na = 2",
        {("t",): 1, ("t", 0): 1, ("t", 0, "a"): 2, ("t", 1): 3, ("t", 2): 4, ("t", 2, "a"): 5},
    ),
    "tables in an array of tables": (
        "[[t]]\n[t.u]\na = 1\n[[t.v]]\n[[t]]\n[t.u]\n[[t.v]]\n[[t.v]]\nb = 1",
        {
            ("t",): 1,
            ("t", 0): 1,
            ("t", 0, "u"): 2,
            ("t", 0, "u", "a"): 3,
            ("t", 0, "v"): 4,
            ("t", 0, "v", 0): 4,
            ("t", 1): 5,
            ("t", 1, "u"): 6,
            ("t", 1, "v"): 7,
            ("t", 1, "v", 0): 7,
            ("t", 1, "v", 1): 8,
            ("t", 1, "v", 1, "b"): 9,
        },
    ),
    "header after its part": (
        "[t.u]\n[t]\na = 1",
        {("t",): 2, ("t", "u"): 1, ("t", "a"): 3},
    ),
    "dotted keys": (
        "a.b = 1\na . c = 2\n[t]\nu.v.w = 1\nu.x = 2",
        {
            ("a",): 1,
            ("a", "b"): 1,
            ("a", "c"): 2,
            ("t",): 3,
            ("t", "u"): 4,
            ("t", "u", "v"): 4,
            ("t", "u", "v", "w"): 4,
            ("t", "u", "x"): 5,
        },
    ),
    "quoted keys": (
        '"a.b" = 1\n\'c#d\' = 2\n"\\u00e9\\"=" = 3\n"" = 4\n"x".\'y\' = 5',
        {("a.b",): 1, ("c#d",): 2, ('é"=',): 3, ("",): 4, ("x",): 5, ("x", "y"): 5},
    ),
    "array over lines": (
        "a = [\n  1, # one, ]\n\n  2\n  , 3 ]\nb = 1",
        {("a",): 1, ("a", 0): 2, ("a", 1): 4, ("a", 2): 5, ("b",): 6},
    ),
    "array in array": (
        "a = [ [1,\n2], [],\n[[\n3]], ]\nb = 1",
        {
            ("a",): 1,
            ("a", 0): 1,
            ("a", 0, 0): 1,
            ("a", 0, 1): 2,
            ("a", 1): 2,
            ("a", 2): 3,
            ("a", 2, 0): 3,
            ("a", 2, 0, 0): 4,
            ("b",): 5,
        },
    ),
    "inline tables": (
        "a = { b = 1, c.d = [ { e = 2 } ] }\nf = {}",
        {
            ("a",): 1,
            ("a", "b"): 1,
            ("a", "c"): 1,
            ("a", "c", "d"): 1,
            ("a", "c", "d", 0): 1,
            ("a", "c", "d", 0, "e"): 1,
            ("f",): 2,
        },
    ),
    "inline table over lines": (
        "a = {\n  b = 1, # c = 2\n  d = 3,\n}\ne = 1",
        {("a",): 1, ("a", "b"): 2, ("a", "d"): 3, ("e",): 5},
    ),
    "text that looks like more": (
        "a = \"b = 1 # [c] \\\" ] }\"\nd = 'e = \\'\nf = [\"]\", ']', '#']\ng = 1",
        {
            ("a",): 1,
            ("d",): 2,
            ("f",): 3,
            ("f", 0): 3,
            ("f", 1): 3,
            ("f", 2): 3,
            ("g",): 4,
        },
    ),
    "text over lines": (
        'a = """\nb = 1\n[c]\n\\""" \n"""\nd = 1',
        {("a",): 1, ("d",): 6},
    ),
    "literal text over lines": ("a = '''\nb = \\\n''' # '''\nd = 1", {("a",): 1, ("d",): 4}),
    "quotes before the closing quotes": (
        'a = """x"""""\nb = """""x"""\nc = """"""\nd = \'\'\'y\'\'\'\'\'\ne = ""\nf = \'\'',
        {("a",): 1, ("b",): 2, ("c",): 3, ("d",): 4, ("e",): 5, ("f",): 6},
    ),
    "text over lines in an array": (
        "a = [\"\"\"\n,\n\"\"\", '''\n]''',\n1]\nb = 1",
        {("a",): 1, ("a", 0): 1, ("a", 1): 3, ("a", 2): 5, ("b",): 6},
    ),
    "dates, with a blank inside": (
        "a = 1979-05-27 07:32:00 # b = 1\nc = [1979-05-27 07:32:00, 07:32:00]\nd = 1",
        {("a",): 1, ("c",): 2, ("c", 0): 2, ("c", 1): 2, ("d",): 3},
    ),
}


def paths_of(value: object, at: KeyPath = ()) -> Iterator[KeyPath]:
    """Every path in parsed data; for the parser's word against ours."""
    yield at
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths_of(inner, (*at, name))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths_of(inner, (*at, index))


@pytest.mark.parametrize(("text", "lines"), EXAMPLES.values(), ids=EXAMPLES)
def test_example(text: str, lines: dict[KeyPath, int]) -> None:
    assert lines_of(text) == {(): 1} | lines
    assert set(paths_of(tomli.loads(text))) == {(), *lines}


MARKS = [*"ab1.=[]{},#\"' \n\\", "a = ", '"""', "'''", "[[a]]", "[a.b]", "\n[a]\n", "\n\n"]


@given(st.lists(st.sampled_from(MARKS), max_size=25).map("".join))
def test_whatever_the_parser_accepts_has_its_places(text: str) -> None:
    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError:
        return
    lines = lines_of(text)
    assert set(lines) == set(paths_of(data))
    assert set(lines.values()) <= set(range(1, text.count("\n") + 2))


@given(st.lists(st.sampled_from(MARKS), max_size=40).map("".join))
def test_a_walk_over_anything_ends(text: str) -> None:
    with suppress(ValueError):
        lines_of(text)


class Writer:
    """Writes TOML that hypothesis draws, and remembers on which line each key went."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.text = ""
        self.lines: dict[KeyPath, int] = {(): 1}

    def put(self, text: str) -> None:
        self.text += text

    def note(self, path: KeyPath) -> None:
        assert path not in self.lines
        self.lines[path] = self.text.count("\n") + 1

    def space(self, *, newlines: bool = True) -> None:
        kinds = ["", " ", "\t "] + ["\n", "\n\n  ", " # x = [ \" ''' {\n"] * newlines
        self.put(self.draw(st.sampled_from(kinds)))

    def table(self, path: KeyPath) -> None:
        for number in range(self.draw(st.integers(0, 3))):
            self.pair((*path, f"k{number}"), depth=0)
            self.put(self.draw(st.sampled_from(["\n", " # [t]\n", "\n# k = 1\n\n"])))

    def pair(self, path: KeyPath, depth: int) -> None:
        self.note(path)
        quote = self.draw(st.sampled_from(["", '"', "'"]))
        self.put(f"{quote}{path[-1]}{quote}")
        if self.draw(st.booleans()):
            path = (*path, "dotted")
            self.note(path)
            self.put(" . dotted")
        self.put(self.draw(st.sampled_from(["=", " = "])))
        self.value(path, depth)

    def value(self, path: KeyPath, depth: int) -> None:
        kind = self.draw(st.integers(0, 3 if depth < 3 else 1))
        count = self.draw(st.integers(0, 3))
        if kind == 2:
            self.put("[")
            for index in range(count):
                self.space()
                self.note((*path, index))
                self.value((*path, index), depth + 1)
                self.space()
                self.put(",")
            self.space()
            self.put("]")
        elif kind == 3:
            self.put("{")
            for number in range(count):
                self.space()
                self.pair((*path, f"i{number}"), depth + 1)
                self.space()
                self.put("," if number < count - 1 else "")
            self.put("}")
        else:
            self.put(self.draw(st.sampled_from(SCALARS)))


SCALARS = [
    *("1", "-1.5e3", "true", "nan", "1979-05-27 07:32:00Z", "07:32:00.5", '""', "''"),
    '"]}#,=\\""',
    "'[{\\'",
    '"""\n[t]\nk0 = 1\n\\"""\n""x"""""',
    "'''\n]\n''\n# '''''",
]


@st.composite
def written(draw: st.DrawFn) -> tuple[str, dict[KeyPath, int]]:
    """A TOML text and the lines of its keys."""
    writer = Writer(draw)
    writer.space()
    writer.table(())
    for number in range(draw(st.integers(0, 3))):
        writer.space()
        name = f"t{number}"
        if draw(st.booleans()):
            writer.note((name,))
            writer.put(f"[{name}]\n")
            writer.table((name,))
            continue
        for index in range(draw(st.integers(1, 3))):
            if index == 0:
                writer.note((name,))
            writer.note((name, index))
            writer.put(f"[[ {name} ]] # x\n")
            writer.table((name, index))
            if draw(st.booleans()):
                writer.note((name, index, "sub"))
                writer.put(f"[{name}.sub]\n")
                writer.table((name, index, "sub"))
    return writer.text, writer.lines


@given(written())
def test_lines_are_those_written(case: tuple[str, dict[KeyPath, int]]) -> None:
    text, lines = case
    assert set(paths_of(tomli.loads(text))) == set(lines)
    assert lines_of(text) == lines


NESTED: dict[str, Callable[[int], str]] = {
    "arrays": lambda depth: "a = " + "[\n" * (depth - 1) + "1" + "]" * (depth - 1),
    "inline tables": lambda depth: "a = " + "{\na = " * (depth - 1) + "1" + "}" * (depth - 1),
    "dotted key": lambda depth: "\n" * (depth - 1) + ".".join("a" * depth) + " = 1",
    "header": lambda depth: "\n" * (depth - 1) + f"[{'.'.join('a' * depth)}]",
}


@pytest.mark.parametrize("nested", NESTED.values(), ids=NESTED)
def test_depth(nested: Callable[[int], str]) -> None:
    assert max(map(len, lines_of(nested(DEPTH_MAX)))) == DEPTH_MAX
    with pytest.raises(TooDeep) as caught:
        lines_of(nested(DEPTH_MAX + 1))
    assert caught.value.line == DEPTH_MAX + 1
