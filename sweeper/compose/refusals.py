"""What Hydra, OmegaConf and YAML refuse, in a person's words, each ending in something that works.

Their messages are recognised by their beginnings, as Hydra 1.4 and OmegaConf 2.4 have them. One that is not
recognised is passed on as it is.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import yaml
from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from sweeper.compose import yaml_files
from sweeper.compose.refused_values import (
    fitting,
    mentioned,
    parent_keys,
    refused_value,
    typed,
    unknown_key_of,
    without_technicalities,
)
from sweeper.compose.vocabulary import OPTIONS, nearest, nearest_keys
from sweeper.config.shipped import config_file

_GROUPS = ("algorithm", "problem", "device", "optimizer", "instance", "experiment")
_NO_PACKAGE = "its first line must be '# @package _global_', because it sets keys of the whole config"


def explain(error: BaseException, overrides: Sequence[str] = ()) -> str:
    """One message for an error that came of what was typed or written in a config.

    Args:
        error: As it was raised.
        overrides: The settings of the command line.
    """
    chain = list(_chain(error))
    return (
        _of_its_kind(chain, overrides)
        or _of_composition(chain, overrides)
        or _of_a_file(chain)
        or refused_value(chain, overrides)
        or _as_it_is(chain)
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error with its causes, the outermost first."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _file(chain: Sequence[BaseException]) -> Path | None:
    files = (yaml_files.file_being_read(each.__traceback__) for each in chain)
    return next((file for file in files if file is not None), None)


def _of_its_kind(chain: Sequence[BaseException], overrides: Sequence[str]) -> str | None:
    """What the type of an error tells."""
    for each in chain:
        if isinstance(each, yaml.YAMLError):
            return yaml_files.syntax(each, _file(chain))
        if isinstance(each, RecursionError):
            return _recursion()
        if isinstance(each, OverrideParseException):
            return _unreadable(each)
        if isinstance(each, MissingConfigException):
            return _missing(each, overrides)
    return None


def _of_composition(chain: Sequence[BaseException], overrides: Sequence[str]) -> str | None:
    """Hydra's own sentences that would lead to another refusal, or nowhere."""
    for each in chain:
        text = str(each)
        if match := re.match(r"In '([^']*)': (\w+) raised while composing config:\n", text):
            cause = each.__cause__ or each.__context__
            if isinstance(cause, OmegaConfBaseException):
                return _option_for_keys(match[1], cause, overrides) or _in_file(match[1], cause)
        for pattern, say in _SENTENCES:
            if match := re.match(pattern, text, re.DOTALL):
                return say(match, overrides)
    return None


def _of_a_file(chain: Sequence[BaseException]) -> str | None:
    """A config file that is no mapping of keys, or has a shape on which Hydra stumbles."""
    error, file = chain[0], _file(chain)
    if file is not None and isinstance(error, ValueError | OSError):
        return yaml_files.unreadable(error, file)
    return yaml_files.odd() if isinstance(error, AttributeError | TypeError | ValueError) else None


def _as_it_is(chain: Sequence[BaseException]) -> str:
    lines: list[str] = []
    for each in chain:
        text = without_technicalities(str(each))
        if text and not any(text in line for line in lines):
            lines.append(text)
    return "\n".join(lines) or type(chain[0]).__name__


def _recursion() -> str:
    if (circle := yaml_files.cycle()) is not None:
        return f"The defaults lists lead back to where they began: {circle}. Take one of these entries out."
    return "The configs refer to each other without end: look at their defaults lists and ${…}."


# What cannot be read as KEY=VALUE.


def _unreadable(error: OverrideParseException) -> str:
    """A setting that Hydra's grammar does not take."""
    word = error.override
    key, _, value = word.partition("=")
    return f"{word}: {_why_unreadable(key, value, error.message) or _quoted_twice(key, value)}"


_QUOTED_KEY = re.compile(r"""([{,]\s*)(["'])([\w.-]+)\2\s*:""")


def _why_unreadable(key: str, value: str, message: str) -> str | None:
    said: str | None = None
    problem = next((line for line in message.splitlines() if "while evaluating" in line), "")
    unknown = re.search(r"Unknown function '(\w+)'", message)
    if re.search(r"\w+\(\s*\)", value):
        said = (
            f"these are no values, so there is nothing to run. Give at least one, as in {key}=0,1 or "
            f"'{key}=range(10)'."
        )
    elif unknown:
        near = nearest(unknown[1], ("range", "choice", "interval", "glob", "shuffle", "sort", "int", "float"))
        meant = f" Did you mean {near[0]}(…)?" if near else ""
        said = f"there is no function {unknown[1]}(…).{meant} A text is quoted twice: {_quoted(key, value)}"
    elif Path(value).parts[:1] == ("~",):
        said = home_written_out(key, value)
    elif problem:
        said = f"{problem.partition('while evaluating')[2].strip()}."
    elif re.search(r"[^\w.\-/@+~$\[\]\\]", key) or not key.lstrip("+~"):
        said = "a key is made of letters, digits, '_', '.' and '/', as in optimizer.rhobeg=0.1"
    elif value.count("'") % 2 or value.count('"') % 2:
        said = f"a quote is not closed. The shell takes one pair itself: {_quoted(key, value)}"
    elif any(value.count(a) != value.count(b) for a, b in ("()", "[]", "{}")):
        said = f"a bracket is not closed. A text with brackets is quoted twice: {_quoted(key, value)}"
    elif listed := re.fullmatch(r"[({]([\w.-]+(?:\s*,\s*[\w.-]+)+)[)}]|([\w.-]+(?:\s*;\s*[\w.-]+)+)", value):
        values = ",".join(re.split(r"\s*[,;]\s*", listed[1] or listed[2]))
        said = f"values are listed with commas and without brackets: {key}={values}"
    elif value.startswith(",") or value.endswith(",") or ",," in value:
        said = f"a value is missing beside a comma; values are listed as in {key}=1,2,3"
    elif value.startswith("{") and _QUOTED_KEY.search(value):
        bare = _QUOTED_KEY.sub(r"\1\3:", value)
        said = f"the keys of a mapping are typed without quotes: {shlex.quote(f'{key}={bare}')}"
    return said


def home_written_out(key: str, value: str) -> str:
    """What to type for a path that begins with `~`, of which a folder of that name would come."""
    return f"the shell replaces ~ at a word's beginning alone: type {key}={Path(value).expanduser()}"


def _quoted_twice(key: str, value: str) -> str:
    return f"a value with blanks, brackets or other special characters is quoted twice: {_quoted(key, value)}"


def _quoted(key: str, value: str) -> str:
    inner = value.replace("\\", "\\\\").replace('"', '\\"').replace("'", "’")
    return f"'{key}=\"{inner}\"'"


# What is not there.


def _missing(error: MissingConfigException, overrides: Sequence[str]) -> str:
    """An option, a defaults entry or a primary config that is in none of the folders."""
    text = str(error)
    found = re.search(r"Could not (?:find|load) '([^']*)'", text)
    name = found[1] if found else str(error.missing_cfg_file or "")
    said = re.search(r"Available options in '([^']*)':\n((?:\t.*\n?)+)", text)
    group, _, option = name.rpartition("/")
    if "primary config" in text:
        return f"There is no primary config {name!r}: it would be conf/{name}.yaml here, or in --config-dir."
    owner = re.match(r"In '([^']*)'", text)
    where = ""
    if not option or not any(option in word for word in overrides):
        is_own = owner is not None and yaml_files.is_own(owner[1])
        where = f"{yaml_files.place(owner[1], 'defaults')}: " if owner and is_own else mentioned(option)
    if said is None:
        return where + _unknown_default(name, group, option)
    options = [line.strip() for line in said[2].splitlines()]
    return where + _no_option(said[1], option, options)


def _no_option(group: str, option: str, options: Sequence[str]) -> str:
    if not option:
        return f"{group} needs an option; there are {', '.join(options)}."
    if yml := yaml_files.with_other_ending(f"{group}/{option}"):
        return f"{group}={option}: the names of config files end in .yaml, that of {yml} does not."
    others = ("algorithm", "problem", "device", "optimizer", "instance")
    elsewhere = [other for other in others if other != group and option in yaml_files.options_of(other)]
    if elsewhere:
        return f"{group} has no option {option!r}, but {elsewhere[0]} has: {elsewhere[0]}={option}"
    if group == "hydra/sweeper":
        return (
            f"{group} has no option {option!r}; there are {', '.join(options)}. An adaptive sweeper comes "
            "with a package of its own, as optuna with pip install hydra-optuna-sweeper==1.4.0rc3"
        )
    near = nearest(option, options, OPTIONS)
    meant = f": did you mean {group}={near[0]}?" if near else "."
    return f"{group} has no option {option!r}{meant} There are {', '.join(options)}."


def _unknown_default(name: str, group: str, option: str) -> str:
    """An entry of a defaults list that names nothing."""
    head, _, rest = group.partition("/")
    if head == "experiment" and rest:
        return (
            f"the defaults list names {name}, which does not exist. An option of a group is chosen there "
            f"with '- override /{rest}: {option}'."
        )
    options = yaml_files.options_of(group)
    near = [each for each in nearest(option, options, OPTIONS) if each != option]
    meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(options) or 'no options'}."
    return f"the defaults list names {name}, which does not exist; {meant}"


# What Hydra's composition refuses.


def _in_file(config: str, cause: OmegaConfBaseException) -> str:
    """A key or value in a config file that does not fit the schema."""
    full = str(cause.full_key or "")
    where = yaml_files.place(config, full)
    if not isinstance(cause, ConfigKeyError | ConfigAttributeError):
        if full.startswith("hydra.sweeper.params") or "incompatible container" in str(cause):
            return (
                f"{where}: {without_technicalities(str(cause))}. Swept values are texts, as in 'seed: 0,1,2' "
                "or 'seed: range(10)' below hydra: sweeper: params."
            )
        return f"{where}: {fitting(full, cause, None)}"
    top, folder = full.partition(".")[0], config.partition("/")[0]
    if folder == "experiment" and top not in parent_keys(cause) and (top == folder or top.startswith("_")):
        return f"{yaml_files.place(config)}: {_NO_PACKAGE} (it is read as {top!r} now)."
    return f"{where}: {unknown_key_of(full, cause, '')}"


def _option_for_keys(config: str, cause: OmegaConfBaseException, overrides: Sequence[str]) -> str | None:
    """The name of an option where a group's keys belong, or several options that are to be one."""
    if not re.match(r"Merge error: \w+ is not a subclass of \w+\.", str(cause)):
        return None
    for word in overrides:
        key, _, value = word.partition("=")
        if value.startswith("[") and yaml_files.options_of(key.lstrip("+")):
            names = ",".join(name.strip() for name in value.strip("[]").split(","))
            return f"{word}: a job has one {key}; to sweep them, list them without brackets: {key}={names}"
    found_at = yaml_files.option_for_keys(config, (*_GROUPS[:-1], "hydra/launcher", "hydra/sweeper"))
    if found_at is None:
        return None
    group, option = found_at
    where = yaml_files.place(config, group.replace("/", "."))
    return f"{where}: an option is chosen in the defaults list, with '- override /{group}: {option}'."


def _added_not_replaced(match: re.Match[str], overrides: Sequence[str]) -> str:
    """A group that the defaults list does not have: one to be added, or a slip."""
    key = match[1]
    option = typed(overrides, key).partition("=")[2] or "NAME"
    group = key.partition("@")[0]
    if yaml_files.options_of(group):
        return f"{key} is added, not replaced: +{key}={option}"
    near = nearest(group, _GROUPS)
    return f"There is no group {key!r}{f': did you mean {near[0]}={option}?' if near else '.'}"


def _no_text(match: re.Match[str], overrides: Sequence[str]) -> str:
    """A group that is set to null, to a number, or to something else that is no name."""
    del match
    names = [word.partition("=")[0].lstrip("+") for word in overrides if "=" in word]
    group = next((name for name in names if yaml_files.options_of(name)), "the group")
    return f"{typed(overrides, group)} is no option: there are {', '.join(yaml_files.options_of(group))}."


def _no_such_override(match: re.Match[str], overrides: Sequence[str]) -> str:
    del overrides
    config, key, option = match.groups()
    where = yaml_files.place(config, "defaults")
    groups = (*_GROUPS[:-1], "hydra/launcher", "hydra/sweeper")
    if key.lstrip("/") in groups and key.startswith("/") and config.startswith("experiment/"):
        return f"{yaml_files.place(config)}: {_NO_PACKAGE}."
    if near := nearest(key.lstrip("/"), groups):
        return f"{where}: write '- override /{near[0]}: {option}' for '- override {key}: {option}'."
    return f"{where}: there is no group {key.lstrip('/')!r} to override; there are {', '.join(groups)}."


def _no_mapping(match: re.Match[str], overrides: Sequence[str]) -> str:
    del overrides
    file = config_file(match[1])
    return match.string if file is None else yaml_files.unreadable(ValueError(), file)


def _no_group(match: re.Match[str], overrides: Sequence[str]) -> str:
    del overrides
    near = nearest(match[2], _GROUPS)
    return f"{match[1]}: there is no group {match[2]!r}{f'; did you mean {near[0]}?' if near else '.'}"


def _nothing_to_delete(match: re.Match[str], overrides: Sequence[str]) -> str:
    del overrides
    near = nearest_keys(match[1])
    meant = f": did you mean ~{near[0].partition(' ')[0]}?" if near and near[0] != match[1] else "."
    return f"~{match[1]}: there is nothing to delete, because there is no such key{meant}"


def _one_value(match: re.Match[str], overrides: Sequence[str]) -> str:
    del overrides
    return f"{match[1]}: --cfg shows the config of one job: give one value. (sweeper plan … shows all jobs.)"


_Say = Callable[[re.Match[str], Sequence[str]], str]
_SENTENCES: tuple[tuple[str, _Say], ...] = (
    (r"Could not override '([^']*)'\. No match in the defaults list", _added_not_replaced),
    (
        r"Multiple values for ([^.]+)\. To override a value use 'override [^:]+: ([^']*)'",
        lambda match, _: (
            f"{match[1]} has an option already, which {match[1]}={match[2]} replaces: leave out the '+' (in "
            f"a file: '- override /{match[1]}: {match[2]}')."
        ),
    ),
    (
        r"force-add of config groups is not supported: '\+\+([^=]*)=(.*)'",
        lambda match, _: f"An option of a group is chosen without '++': {match[1]}={match[2]}",
    ),
    (r"Config group override must be a string or a list", _no_text),
    (
        r"Could not append to config\. An item is already at '([^']*)'",
        lambda match, overrides: (
            f"{match[1]} is there already: leave out the '+', as in {typed(overrides, match[1]).lstrip('+')}"
        ),
    ),
    (r"Could not delete from config\. '([^']*)' does not exist", _nothing_to_delete),
    (r"Ambiguous value for argument '(.*?)'\n", _one_value),
    (r"Sweep parameters '(.*)' requires", _one_value),
    (
        r"Sweeping over Hydra's configuration is not supported : '(.*)'",
        lambda match, _: f"{match[1]}: Hydra's own keys hold for the whole sweep: give one value.",
    ),
    (r"In '([^']*)': Invalid Defaults List override '([^:']*): ([^']*)'", _no_such_override),
    (
        r"Invalid defaults list in '([^']*)', (.*)",
        lambda match, _: (
            f"{yaml_files.place(match[1], 'defaults')}: {match[2]}; write it as 'defaults: [cobyla, _self_]'."
        ),
    ),
    (r"primary config '([^']*)' must be a DictConfig", _no_mapping),
    (r"Override (\S+) looks like a config group override, but config group '([^']*)'", _no_group),
    (
        r"Unsupported config file extension '([^']*)'",
        lambda match, _: f"The names of config files end in .yaml, not in {match[1]}: rename the file.",
    ),
)
"""How Hydra's sentences begin, and what is said instead."""
