"""``alphabot init``: a configuration to start from, in a folder of one's own.

What is written is what a clone of the repository has: the configuration that runs as it is, and
the folder of drop-in plugins. An installed package carries both inside itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from alphabot.errors import ConfigError

__all__ = ["init", "write_new"]

CONFIG = "strategies.toml"
SCHEMA = "strategies.schema.json"
PLUGINS = "plugins"


def init(folder: Path = Path(), *, language: Literal["zh", "en"] = "zh") -> int:
    """Write a strategies.toml to start from, and a folder for plugins.

    It trades on the simulated exchange until you change it. A file that is there already is never
    overwritten.

    Parameters
    ----------
    folder
        Where to; it is made if need be.
    language
        Of log lines, notices and reports.
    """
    from alphabot.cli.session import emit

    config = folder / CONFIG
    if os.path.lexists(config):
        raise ConfigError("is there already and was left as it is", path=config)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        kept = [name for name, text in _files(language) if not write_new(folder / name, text)]
    except OSError as cause:
        where = Path(cause.filename or folder)
        raise ConfigError(f"cannot be written: {cause.strerror}", path=where) from cause
    if CONFIG in kept:  # somebody else was faster
        raise ConfigError("is there already and was left as it is", path=config)
    emit(_next_steps(folder, kept, language))
    return 0


def _files(language: Literal["zh", "en"]) -> Iterator[tuple[str, bytes]]:
    """Yield name and contents of every file; the configuration last, since with it all is there."""
    from alphabot.config.schema import as_text

    config, plugins = _shipped()
    for file in sorted(plugins.rglob("*")):
        name = file.relative_to(plugins)
        # Tests of plugins are for those who change them.
        if file.is_file() and "__pycache__" not in name.parts and not name.match("test_*"):
            yield f"{PLUGINS}/{name.as_posix()}", file.read_bytes()
    yield SCHEMA, as_text().encode()
    text = config.read_text("utf-8")
    text = re.sub(r"\A#:schema .*", f"#:schema ./{SCHEMA}", text)
    text = re.sub(r'(?m)^language = "\w+"', f'language = "{language}"', text, count=1)
    yield CONFIG, text.encode()


def _shipped() -> tuple[Path, Path]:
    """Return the configuration and the plugins of the installed package, or of the clone."""
    import alphabot

    package = Path(alphabot.__file__).parent
    if (package / "_strategies.toml").is_file():
        return package / "_strategies.toml", package / "_plugins"
    return package.parent / CONFIG, package.parent / PLUGINS


def write_new(path: Path, content: bytes) -> bool:
    """Write a file that is whole from the moment it is there; return False if one is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        whole = Path(folder, path.name)
        with whole.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            # Unlike a rename, this never replaces what another program has put there meanwhile.
            os.link(whole, path)
        except FileExistsError:
            return False
        except OSError:  # some file systems know no links
            if os.path.lexists(path):
                return False
            whole.rename(path)
    return True


_NEXT: Mapping[str, str] = {
    "zh": """已写入 {files}（{folder}）。{kept}
下一步：
{cd}  alphabot check     看看会执行什么、成本多少
  alphabot run       在程序内的模拟交易所上交易
之后按需修改 strategies.toml，每一项都有说明。""",
    "en": """Wrote {files} in {folder}.{kept}
Next:
{cd}  alphabot check     what would run, and what it would cost
  alphabot run       trade, on the simulated exchange inside the program
Then change strategies.toml as you like; it explains every key.""",
}
_KEPT: Mapping[str, str] = {
    "zh": "\n此前已有、未改动：{names}。",
    "en": "\nThere already, and left as it was: {names}.",
}


def _next_steps(folder: Path, kept: list[str], language: Literal["zh", "en"]) -> str:
    import shlex

    from alphabot.cli import cells

    here = folder.resolve() == Path.cwd()
    return _NEXT[language].format(
        files=f"{CONFIG}, {SCHEMA}, {PLUGINS}/",
        folder=cells.name(folder.resolve()),
        kept=_KEPT[language].format(names=", ".join(kept)) if kept else "",
        cd="" if here else f"  cd {cells.name(shlex.quote(str(folder)))}\n",
    )
