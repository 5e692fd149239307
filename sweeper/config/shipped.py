"""Where configs and algorithms are: the user's own, and those that are shipped.

Those stand beside the package in a checkout, inside it in a wheel.
"""

from __future__ import annotations

import argparse
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


@cache
def shipped(name: str) -> Path:
    """The shipped folder `name` (`conf` or `algorithms`).

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    for candidate in (_PACKAGE / "_shipped" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(
        f"The folder {name!r} that belongs to braket-sweeper is missing beside {_PACKAGE}: reinstall it."
    )


def own_configs() -> list[tuple[str, Path]]:
    """The user's config folders, each with the name of where it comes from; the first has the last word."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config-dir", "-cd", type=Path)
    given = parser.parse_known_args()[0].config_dir
    return [
        (name, folder.absolute())
        for name, folder in (("--config-dir", given), ("./conf", Path("conf")))
        if folder is not None and folder.is_dir() and folder.resolve() != shipped("conf")
    ]


def config_file(name: str) -> Path | None:
    """The YAML file that a config such as `optimizer/spsa` is read from; None if there is none."""
    for folder in (*(folder for _, folder in own_configs()), shipped("conf")):
        file = folder / f"{name}.yaml"
        if file.is_file():
            return file
    return None
