"""Mistakes in a user's YAML files: which file, which line, and what to write instead."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

import yaml

from sweeper.compose.vocabulary import keys
from sweeper.config.shipped import config_file, own_configs, shipped


def file_being_read(trace: TracebackType | None) -> Path | None:
    """The config file that Hydra was reading when an error arose; None if it was reading none."""
    found = None
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_globals.get("__name__") == "hydra._internal.core_plugins.file_config_source":
            path = frame.f_locals.get("full_path")
            found = Path(path) if isinstance(path, str) and Path(path).is_file() else found
        trace = trace.tb_next
    return found


def syntax(error: yaml.YAMLError, file: Path | None) -> str:
    """What is wrong with a file that is no YAML, or none that a config can be."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or error).strip()
    name = shown(Path(mark.name)) if mark is not None and mark.name else shown(file)
    where = f"{name}, line {mark.line + 1}" if mark is not None else name
    return f"{where}: {_mend(problem, _line(mark))}"


def _line(mark: yaml.Mark | None) -> str:
    if mark is None or not mark.name:
        return ""
    try:
        lines = Path(mark.name).read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return lines[mark.line] if mark.line < len(lines) else ""


_MENDS = (
    ("constructor for the tag", "a tag (!…) stands there, which no config can have."),
    ("another document", "a second document begins ('---'); a config is one."),
    ("single document", "a second document begins ('---'); a config is one."),
    ("recursive alias", "an alias (*name) contains itself."),
    ("mapping values are not allowed", "a second ':' stands in the line: quote the value."),
    ("cannot start any token", "a value begins with a character of YAML's own (@, `, %): quote the value."),
    ("unhashable", "a key is a list or a mapping; keys are words."),
)
"""Words of the parser's, and what they mean here."""


def _mend(problem: str, line: str) -> str:
    """The parser's words, with what to do about them."""
    indentation = line[: len(line) - len(line.lstrip())]
    if "\t" in indentation:
        return "the line is indented with a tab; YAML wants blanks."
    if "duplicate key" in problem:
        return f"the key {problem.rpartition(' ')[2]} stands there twice: remove one of the two."
    for words, mend in _MENDS:
        if words in problem.lower():
            return mend
    return f"{problem}: look at the brackets, quotes and indentation there and above."


def unreadable(error: Exception, file: Path) -> str:
    """Why a config file cannot be read as text, or holds something else than keys."""
    if isinstance(error, UnicodeDecodeError):
        return f"{shown(file)}{_line_of_byte(file)}: this is not UTF-8: save it in that encoding."
    if file.name == "config.yaml" and file == config_file("config"):
        return primary("config")
    return f"{shown(file)} holds no KEY: VALUE lines. {how_to_begin(file)}"


def _line_of_byte(file: Path) -> str:
    try:
        content = file.read_bytes()
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].count(b"\n")
        return f", line {before + 1}"
    except OSError:
        pass
    return ""


def line_of(file: Path, path: list[str]) -> int | None:
    """The line, from 1, in which a file sets a key, or else the nearest key above it that it sets."""
    try:
        node = yaml.compose(file.read_text("utf-8"), Loader=yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError):
        return None
    line = None
    for part in path:
        if not isinstance(node, yaml.MappingNode):
            break
        pairs = {key.value: (key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}
        if part not in pairs:
            continue  # a group's file does not repeat the group's name
        key, node = pairs[part]
        line = key.start_mark.line + 1
    return line


def place(config: str, key: str | None = None) -> str:
    """Where a config's file is, for people, with the line that sets a key.

    Args:
        config: Its name, as in `optimizer/mine`.
        key: A dotted key.
    """
    file = config_file(config)
    if file is None:
        return f"the config {config}"
    line = line_of(file, key.split(".")) if key else None
    return f"{shown(file)}, line {line}" if line else shown(file)


def is_own(config: str) -> bool:
    """Whether a config is read from a file of the user's."""
    return any((folder / f"{config}.yaml").is_file() for _, folder in own_configs())


def how_to_begin(file: Path) -> str:
    """What a file has to begin with, by the folder it is in."""
    group = file.parent.name
    if group == "experiment":
        return "An experiment begins with '# @package _global_', and below come keys such as shots: 100."
    example = {
        "optimizer": "cobyla",
        "problem": "edge_list",
        "device": "local",
        "algorithm": "qaoa_maxcut",
        "instance": "ml_m5_large",
    }.get(group)
    if example is None:
        return (
            "A primary config begins with 'defaults: [config, _self_]'; below come keys such as shots: 100."
        )
    return (
        f"Let it begin with 'defaults: [{_kin(file) or example}, _self_]' (or another option of {group}); "
        "below come those of its keys that differ."
    )


def _kin(file: Path) -> str | None:
    """The option whose keys a group's file sets, by the most of them; None if they tell nothing."""
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    group = file.parent.name
    names = [f"{group}.{key}" for key in content] if isinstance(content, dict) else []
    owners = Counter(owner.partition("=")[2] for name in names for owner in keys().get(name, ()))
    return next((owner for owner, _ in owners.most_common(1)), None)


def cycle() -> str | None:
    """Files of the user's whose defaults lists lead back to themselves; None if there are none."""
    for _, folder in own_configs():
        inherits = {
            str(file.relative_to(folder).with_suffix("")): list(_defaults(file, folder))
            for file in sorted(folder.rglob("*.yaml"))
        }
        for start in inherits:
            chain = [start]
            while (following := [each for each in inherits.get(chain[-1], []) if each in inherits]) and len(
                chain
            ) <= len(inherits):
                chain.append(following[0])
                if chain[-1] == start:
                    return " → ".join(shown(folder / f"{each}.yaml") for each in chain)
    return None


def primary(name: str) -> str:
    """What a primary config has to be that does not have the keys of a sweep."""
    file = config_file(name)
    what = shown(file) if file is not None else f"the primary config {name!r}"
    if name == "config":
        return (
            f"{what} takes the place of the sweeper's own primary config, whose keys it does not have. Give "
            "it another name, say conf/mine.yaml, let it begin with 'defaults: [config, _self_]', and type "
            "--config-name mine."
        )
    return f"{what} does not have the keys of a sweep: let it begin with 'defaults: [config, _self_]'."


def options_of(group: str) -> list[str]:
    """The options that a group has, shipped and of the user's own."""
    folders = [*(folder for _, folder in own_configs()), shipped("conf")]
    return (
        sorted({file.stem for folder in folders for file in (folder / group).glob("*.yaml")}) if group else []
    )


def option_for_keys(config: str, groups: Sequence[str]) -> tuple[str, str] | None:
    """The first of these groups to which a config's file gives a plain value in the place of keys, and it."""
    file = config_file(config)
    try:
        content = yaml.safe_load(file.read_text("utf-8")) if file else None
    except (OSError, ValueError, yaml.YAMLError):
        return None
    for group in groups:
        node = content
        for part in group.split("/"):
            node = node.get(part) if isinstance(node, dict) else None
        if isinstance(node, str | int | float):
            return group, str(node)
    return None


def with_other_ending(config: str) -> str | None:
    """A user's file that would be this config if its name ended in .yaml; None if there is none."""
    files = [
        file
        for _, folder in own_configs()
        for file in (folder / config).parent.glob(f"{Path(config).name}.*")
    ]
    return next((shown(file) for file in files if file.suffix != ".yaml"), None)


def mention(word: str) -> str | None:
    """The first line of the user's configs in which a word stands, for people; None if it is in none."""
    pattern = re.compile(rf"(?<![\w.-]){re.escape(word)}(?![\w-])")
    for _, folder in own_configs():
        for file in sorted(folder.rglob("*.yaml")):
            try:
                lines = file.read_text("utf-8").splitlines()
            except (OSError, ValueError):
                continue
            for number, line in enumerate(lines, start=1):
                if pattern.search(line.partition("#")[0]):
                    return f"{shown(file)}, line {number}"
    return None


def odd() -> str | None:
    """A file whose defaults list or Hydra node has a shape on which Hydra stumbles; None if there is none."""
    for _, folder in own_configs():
        for file in sorted(folder.rglob("*.yaml")):
            try:
                content = yaml.safe_load(file.read_text("utf-8"))
            except (OSError, ValueError, yaml.YAMLError):
                continue
            if not isinstance(content, dict):
                continue
            entries = content.get("defaults")
            line = line_of(file, ["defaults"])
            if isinstance(entries, list) and not all(isinstance(entry, str | dict) for entry in entries):
                return (
                    f"{shown(file)}, line {line}: an entry of a defaults list is a name, or GROUP: NAME, as "
                    "in 'defaults: [cobyla, _self_]'."
                )
            if "hydra" in content and not isinstance(content["hydra"], dict):
                line = line_of(file, ["hydra"])
                return (
                    f"{shown(file)}, line {line}: hydra: has no keys below it; take it out, or give it some."
                )
    return None


def _defaults(file: Path, folder: Path) -> Iterator[str]:
    """Names of the configs that a file's defaults list names, as far as they are plain."""
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return
    group = file.parent.relative_to(folder)
    for entry in (content.get("defaults") or []) if isinstance(content, dict) else []:
        if isinstance(entry, str) and entry != "_self_":
            yield str(group / entry) if not entry.startswith("/") else entry[1:]
        elif isinstance(entry, dict):
            for key, option in entry.items():
                name = str(key).replace("override ", "").partition("@")[0].strip()
                yield (
                    f"{name.lstrip('/')}/{option}"
                    if name.startswith("/")
                    else str(group / f"{name}/{option}")
                )


def shown(file: Path | None) -> str:
    """A file's name as seen from the working directory."""
    if file is None:
        return "A config file"
    try:
        return str(file.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(file)
