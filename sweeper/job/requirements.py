"""What a source's `requirements.txt` asks for, held against what is installed on this machine.

Braket's container runs `pip install -r` on every `requirements.txt` that it finds anywhere in the source
(`install_additional_requirements` of its `braket_container.py`). On this machine nothing is installed, so a
job could run with another version of a package than on AWS, or fail in its middle for want of one.

The format is pip's ("Requirements File Format" in its documentation): comments, continued lines, variables,
options, other files, and requirements as PEP 508 has them.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.errors import ConfigError
from sweeper.job.source import requirement_files

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

_MOST_LINES = 12
_MOST_BYTES = 2**20
_MARKS = (
    *((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32")),
    *((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")),
)
"""Byte order marks that pip knows, the longer first; `pip freeze > …` in a Windows PowerShell writes one."""
_COMMENT = re.compile(r"(^|\s)#.*$")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_OPTION_AT_END = re.compile(r"\s+--?[a-zA-Z].*$")
_OTHER_FILE = re.compile(r"(-r|--requirement|-c|--constraint)(?:\s+|=|(?<=-[rc]))(.+)")
_PLACE = re.compile(r"[a-z][a-z+]*://|git\+|\.|/|~|-e\b|--editable\b", re.IGNORECASE)


@dataclass(frozen=True)
class Unmet:
    """What this machine does not offer.

    Attributes:
        missing: A line for each requirement that is not met, and for each that pip could not make sense of.
        unknown: A line for each of which only pip could tell whether it is met.
    """

    missing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


@cache
def unmet_requirements(source: Path) -> Unmet:
    """Hold all `requirements.txt` of a source against what is installed; nothing is downloaded.

    Args:
        source: The source module; a single file has none.
    """
    found = Unmet()
    for file in requirement_files(source):
        _File(source, found).read(file)
    return found


def remark_or_refuse(source: Path, *, go_on: bool, otherwise: str = "") -> list[str]:
    """What a person should know of a source's requirements before jobs run here.

    Args:
        source: The source module.
        go_on: Whether jobs are to run although something is missing (`job.requirements=ignore`).
        otherwise: What else can be done about it, as the end of a sentence.

    Raises:
        ConfigError: Something is missing, and jobs are not to run without it.
    """
    unmet = unmet_requirements(source)
    if unmet.missing:
        what = (
            f"{source} asks in its requirements.txt, which Braket's container installs, for what this "
            f"machine does not have:\n{_listed(unmet.missing)}\n"
        )
        if not go_on:
            raise ConfigError(
                f"{what}Install it here with pip, or go on as it is with job.requirements=ignore{otherwise}."
            )
        return [f"{what}The jobs run without it (job.requirements=ignore).", *_not_compared(unmet)]
    return _not_compared(unmet)


def _not_compared(unmet: Unmet) -> list[str]:
    if not unmet.unknown:
        return []
    return [f"These requirements could not be compared with this machine:\n{_listed(unmet.unknown)}"]


def _listed(lines: list[str]) -> str:
    texts = [f"  {line}" for line in lines[:_MOST_LINES]]
    more = [f"  … and {len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else []
    return "\n".join([*texts, *more])


class _File:
    """A requirements file with all the files that it names."""

    def __init__(self, source: Path, found: Unmet) -> None:
        self._source = source
        self._found = found
        self._seen: set[tuple[Path, bool]] = set()
        self._wanted: list[tuple[str, Requirement]] = []
        self._constraints: dict[str, list[tuple[str, SpecifierSet]]] = {}

    def read(self, path: Path) -> None:
        """Read it, and add what is not met to what was found."""
        from packaging.utils import canonicalize_name

        self._read(path, constrains=False, named_at="")
        for where, requirement in self._wanted:
            self._compare(where, requirement)
            for limit_at, limit in self._constraints.get(canonicalize_name(requirement.name), ()):
                if _applies(requirement):
                    self._compare_version(limit_at, f"{requirement.name}{limit}", requirement.name, limit)

    def _read(self, path: Path, *, constrains: bool, named_at: str) -> None:
        path = Path(os.path.normpath(path))
        if (path, constrains) in self._seen:
            return
        self._seen.add((path, constrains))
        name = self._name(path)
        try:
            with path.open("rb") as file:
                content = file.read(_MOST_BYTES + 1)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            self._found.missing.append(f"{named_at or name}: {name} cannot be read ({why})")
            return
        if len(content) > _MOST_BYTES:
            self._found.missing.append(f"{name} has more than {_MOST_BYTES // 2**20} MiB")
            return
        for number, line in _logical_lines(_text(content)):
            self._take(line, path, f"{name} line {number}", constrains=constrains)

    def _take(self, line: str, path: Path, where: str, *, constrains: bool) -> None:
        from packaging.requirements import InvalidRequirement, Requirement
        from packaging.utils import canonicalize_name

        if other := _OTHER_FILE.fullmatch(line):
            target = other[2].strip().strip("\"'")
            if "://" in target:
                self._found.unknown.append(f"{where}: {line}")
            else:
                limits = constrains or "c" in other[1].lstrip("-")[:1]
                self._read(path.parent / target, constrains=limits, named_at=where)
            return
        if line.startswith("-") and not re.match(r"-e\b|--editable\b", line):
            return  # where pip looks, and how: nothing that is asked for
        text = _OPTION_AT_END.sub("", line)
        try:
            requirement = Requirement(_of_wheel(text) or text)
        except InvalidRequirement as error:
            if _PLACE.match(line) or "/" in line:
                self._found.unknown.append(f"{where}: {line}")
            else:
                why = str(error).partition("\n")[0]
                self._found.missing.append(f"{where}: {line!r:.80} is no requirement that pip takes ({why})")
            return
        if constrains:
            limit = where, requirement.specifier
            self._constraints.setdefault(canonicalize_name(requirement.name), []).append(limit)
        else:
            self._wanted.append((where, requirement))

    def _compare(self, where: str, requirement: Requirement) -> None:
        if not _applies(requirement):
            return
        installed = self._compare_version(where, str(requirement), requirement.name, requirement.specifier)
        if installed is None:
            return
        if requirement.url:
            self._found.unknown.append(f"{where}: {requirement}")
        for extra in sorted(requirement.extras):
            for needed in _of_extra(installed, extra):
                wanted = f"{needed.name}{needed.specifier} (for {requirement.name}[{extra}])"
                self._compare_version(where, wanted, needed.name, needed.specifier)

    def _compare_version(
        self, where: str, wanted: str, name: str, specifier: SpecifierSet
    ) -> Distribution | None:
        """The installed package, if it is one of the versions that are asked for."""
        from packaging.version import InvalidVersion

        try:
            installed = distribution(name)
            version = installed.version
        except (PackageNotFoundError, ValueError, KeyError):
            self._found.missing.append(f"{where}: {wanted}: not installed")
            return None
        try:
            fits = specifier.contains(version, prereleases=True)
        except (InvalidVersion, TypeError):
            self._found.unknown.append(f"{where}: {wanted}: its version is {version}")
            return installed
        if not fits:
            self._found.missing.append(f"{where}: {wanted}: {version} is installed")
            return None
        return installed

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._source)) if path.is_relative_to(self._source) else str(path)


def _text(content: bytes) -> str:
    encoding = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), "utf-8-sig")
    return content.decode(encoding, errors="replace")


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, continued ones as one, with the number of the first."""
    begun, line = 0, ""
    for number, piece in enumerate(text.splitlines(), start=1):
        begun = begun if line else number
        # A comment is never continued.
        if piece.endswith("\\") and not _COMMENT.search(piece):
            line += piece[:-1]
            continue
        line += piece
        if said := _expanded(_COMMENT.sub("", line).strip()):
            yield begun, said
        line = ""
    if said := _expanded(_COMMENT.sub("", line).strip()):
        yield begun, said


def _expanded(text: str) -> str:
    return _VARIABLE.sub(lambda variable: os.environ.get(variable[1], variable[0]), text)


def _applies(requirement: Requirement) -> bool:
    """Whether the requirement's condition holds on this machine; one that makes no sense is taken to hold."""
    from packaging.markers import UndefinedComparison, UndefinedEnvironmentName

    try:
        return requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    except (UndefinedComparison, UndefinedEnvironmentName):
        return True


def _of_extra(installed: Distribution, extra: str) -> Iterable[Requirement]:
    """What an installed package needs for one of its extras."""
    from packaging.requirements import InvalidRequirement, Requirement

    for text in installed.requires or ():
        try:
            needed = Requirement(text)
        except InvalidRequirement:
            continue
        if needed.marker is not None and not _applies(needed) and needed.marker.evaluate({"extra": extra}):
            yield needed


def _of_wheel(text: str) -> str | None:
    """The requirement that a wheel's file name states."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    if not text.endswith(".whl"):
        return None
    try:
        name, version, *_ = parse_wheel_filename(text.rpartition("/")[2])
    except InvalidWheelFilename:
        return None
    return f"{name}=={version}"
