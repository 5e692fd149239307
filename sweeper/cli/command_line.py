"""The words of a command line: verbs, options, settings; anything else is named, with what to type instead.

Hydra takes over what is read here (`KEY=VALUE` and its own options). Its options are listed once more,
because asking its parser would take longer than all the rest of a refusal; a test holds the two together.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from sweeper.cli import SUBCOMMANDS
from sweeper.compose.vocabulary import LAUNCHERS, foreign_launcher, nearest, plain
from sweeper.config.shipped import own_configs, shipped
from sweeper.errors import UsageError

FLAGS = (
    *("--help", "-h", "--hydra-help", "--version", "--resolve", "--run", "-r", "--multirun", "-m"),
    *("--shell-completion", "-sc"),
)
WITH_VALUE = (
    *("--cfg", "-c", "--package", "-p", "--config-path", "-cp", "--config-name", "-cn"),
    *("--config-dir", "-cd", "--experimental-rerun"),
)
WITH_OPTIONAL_VALUE = ("--info", "-i")
_SHOWING = {"--cfg", "-c", "--info", "-i", "--shell-completion", "-sc", "--help", "-h", "--hydra-help"}

VERBS = (*SUBCOMMANDS, "plan", "help", "version")

_RUN = "none is needed: sweeper KEY=VALUE … runs"
_CANCEL = "sweeper cancel DIR ends a sweep's jobs"
_SWEEPS = "the sweeps are the folders in outputs/; sweeper status DIR says how one stands"
_INSTEAD = {
    "list": _SWEEPS,
    "ls": _SWEEPS,
    "show": "sweeper table DIR shows a sweep's results, sweeper --cfg job the config of a job",
    "finish": "sweeper resume DIR runs what is left of a sweep, sweeper cancel DIR ends it",
    "init": "nothing has to be prepared: sweeper algorithm=vqe shots=1000 runs in any directory",
    "explain": "sweeper --cfg job … shows the config of a job, sweeper plan … what would run",
    "script": "a script of your own: sweeper algorithm=script algorithm.source_module=my_job.py "
    "algorithm.entry_point=my_job:main +algorithm.hyperparameters.n_layers=1,2",
    "run": _RUN,
    "start": _RUN,
    "launch": _RUN,
    "sweep": "none is needed: sweeper -m KEY=A,B,C … runs a sweep",
    "multirun": "it is an option: sweeper -m KEY=A,B,C …",
    "submit": "sweeper KEY=VALUE … hydra/launcher=braket_aws runs on Amazon Braket",
    "dry-run": "sweeper plan KEY=VALUE … shows what would run, and runs nothing",
    "config": "sweeper --cfg job KEY=VALUE … shows the config of a job",
    "results": "sweeper table DIR prints a sweep's results",
    "metrics": "sweeper export DIR --to csv writes all metrics; load_sweep(DIR).metrics has them in Python",
    "plot": "sweeper report DIR --figures TARGET draws a sweep's pictures",
    "stop": _CANCEL,
    "kill": _CANCEL,
    "continue": "sweeper resume DIR goes on with a sweep",
    "retry": "sweeper resume DIR runs again what has failed",
    "log": "sweeper logs DIR JOB prints a job's log",
    "prices": "sweeper devices lists the devices with their prices",
    "cost": "sweeper plan KEY=VALUE … says what a sweep may cost at most",
    "quit": "Ctrl-C stops a sweep in order",
}
"""For words that are no verbs: what there is instead."""

_FOLDER = "the sweep's folder is chosen by hydra.sweep.dir=DIR"
_AT_A_TIME = "the number of jobs at a time is set by hydra.launcher.n_jobs=N"
_CONSENT = "budget.max_usd=N is the consent that a paid sweep needs"
_OPTIONS_INSTEAD = {
    "dry-run": "sweeper plan … shows what would run, and runs nothing",
    "output": _FOLDER,
    "output-dir": _FOLDER,
    "o": _FOLDER,
    "jobs": _AT_A_TIME,
    "j": _AT_A_TIME,
    "n": _AT_A_TIME,
    "parallel": _AT_A_TIME,
    "verbose": "hydra.verbose=true makes Hydra say more",
    "v": "hydra.verbose=true makes Hydra say more, and --version prints the version",
    "config": "--config-name NAME chooses a primary config, --config-dir DIR adds a folder of configs",
    "sweep": "-m sweeps",
    "yes": _CONSENT,
    "y": _CONSENT,
}

_FREE = ("algorithm.hyperparameters.", "job.tags.", "job.input_data.")
_KEY = re.compile(r"[A-Za-z_$][\w$.\-/@]*")


def read(arguments: Sequence[str]) -> list[str]:
    """The arguments for Hydra: what was typed, as a sweep unless only something is to be shown.

    Raises:
        UsageError: A word is none of what can stand here; the message says what to type.
    """
    options, words = _sorted_out(arguments)
    _check_options(options)
    names = {option.partition("=")[0] for option in options}
    if not {"--shell-completion", "-sc"} & names:
        for place, word in enumerate(words):
            _check_word(word, words[place + 1 :])
    options = [option for option in options if option not in {"--run", "-r", "--multirun", "-m"}]
    # Hydra reads its mode from the primary config alone, which may be one of the user's own.
    return [*options, *([] if names & _SHOWING else ["--multirun"]), *words]


def _sorted_out(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Options with their values, and all the other words."""
    options: list[str] = []
    words: list[str] = []
    queue = list(arguments)
    while queue:
        word = queue.pop(0)
        if word == "--":
            return options, words + queue
        if not word.startswith("-") or word == "-" or re.fullmatch(r"-\d.*", word):
            words.append(word)
            continue
        option = _option(word, queue)
        name, equals, _ = option.partition("=")
        options.append(option)
        if name in WITH_VALUE and not equals:
            if not queue:
                raise UsageError(f"{name} needs a value, as in {name} {_EXAMPLES.get(name, 'DIR')}.")
            options.append(queue.pop(0))
        elif name in WITH_OPTIONAL_VALUE and queue and "=" not in queue[0] and not queue[0].startswith("-"):
            options.append(queue.pop(0))
    return options, words


_EXAMPLES = {
    "--cfg": "job",
    "-c": "job",
    "--package": "optimizer",
    "-p": "optimizer",
    "--config-name": "NAME",
    "-cn": "NAME",
}


def _option(word: str, following: Sequence[str]) -> str:
    """One of Hydra's options, written out if it was abbreviated."""
    name, equals, value = word.partition("=")
    known = (*FLAGS, *WITH_VALUE, *WITH_OPTIONAL_VALUE)
    whole = [option for option in known if name.startswith("--") and option.startswith(name)]
    if name in known:
        return word
    if len(whole) == 1:
        return f"{whole[0]}{equals}{value}"
    raise UsageError(f"There is no option {name}{_instead_of_option(name, value, following)}")


def _instead_of_option(name: str, value: str, following: Sequence[str]) -> str:
    bare = name.lstrip("-")
    if bare in _OPTIONS_INSTEAD:
        return f": {_OPTIONS_INSTEAD[bare]}."
    if bare in VERBS:
        return f"; it is a command: sweeper {bare} …"
    if not value and following and _is_value(following[0]):
        value = following[0]
    key = _key_meant(bare)
    if key is not None and (value or plain(key.rpartition(".")[2]) == plain(bare.rpartition(".")[2])):
        return (
            f". Settings are typed without dashes: sweeper {key}={shlex.quote(value) if value else 'VALUE'}"
        )
    near = nearest(name, (*FLAGS, *WITH_VALUE, *WITH_OPTIONAL_VALUE)) if name.startswith("--") else []
    return f": did you mean {near[0]}?" if near else "; sweeper --help says what there is."


def _key_meant(name: str) -> str | None:
    """The config key, or the group, that a word names or nearly names; none if it names none."""
    from sweeper.compose.vocabulary import keys, nearest_keys

    if name in keys() or name in _groups() or name.startswith(_FREE):
        return name
    if group := nearest(name, _groups()):
        return group[0]
    return next((key.partition(" ")[0] for key in nearest_keys(name)), None)


def _check_options(options: Sequence[str]) -> None:
    """Refuse those of Hydra's options that would only lead astray."""
    names = [option.partition("=")[0] for option in options]
    for place, name in enumerate(names):
        if name == "--experimental-rerun":
            raise UsageError(f"{name} is not possible here: sweeper resume DIR runs what is left of a sweep.")
        if name in {"--config-path", "-cp"}:
            raise UsageError(
                f"{name} would take the place of the configs that come with the sweeper. To add yours, type "
                "--config-dir DIR, or put them into conf/ in the current directory."
            )
        if name in {"--cfg", "-c"}:
            shown = options[place].partition("=")[2] or options[place + 1]
            if shown not in {"job", "hydra", "all"}:
                raise UsageError(f"{name} {shown} is not possible: it shows job, hydra or all.")
    if "--resolve" in names and not {"--cfg", "-c", "--help", "-h"}.intersection(names):
        raise UsageError("--resolve goes with --cfg job or --help.")


def _check_word(word: str, following: Sequence[str]) -> None:
    """Refuse a word that is no setting, with what to type instead.

    Raises:
        UsageError: Says so.
    """
    if not word.strip():
        raise UsageError("An argument is empty. Settings are typed as KEY=VALUE; look at the quotes.")
    if word.startswith("~") and len(word) > 1:
        return
    key, equals, value = word.partition("=")
    after = following[0] if following else ""
    if not equals and after.startswith("="):
        value = "".join(following[: 2 if after == "=" else 1]).lstrip("=")
        raise UsageError(f"There are no blanks around '=': {word}={value or 'VALUE'}")
    if not equals:
        raise UsageError(_no_setting(word, after))
    if said := _misplaced_equals(word, key, value) or _torn_apart(key, value, following):
        raise UsageError(said)
    if said := _wrong_separator(word, key.lstrip("+"), value):
        raise UsageError(said)
    if key.lstrip("+") == "hydra.mode" and value != "MULTIRUN":
        raise UsageError(
            f"{word} is refused: it bypasses the launcher, so that no job would be recorded. Leave it out: a "
            "single combination is a sweep of one."
        )
    if key.lstrip("+") == "hydra/launcher":
        _check_launcher(word, value)


def _misplaced_equals(word: str, key: str, value: str) -> str | None:
    bare = key.lstrip("+")
    if not bare and not value:
        return "A '=' stands alone: there are no blanks around it, as in shots=1000."
    if not bare:
        return f"{word}: the key is missing. Settings are typed as KEY=VALUE, as in shots=1000."
    if value.startswith("="):
        return f"{word}: one '=' is enough, as in {key}={value.lstrip('=')}"
    if key != key.strip():
        return f"{word}: there are no blanks around '=', as in {key.strip()}={value.strip()}"
    if key.endswith((":", "<", ">", "!")):
        return (
            f"{word}: a setting is KEY=VALUE, as in {key[:-1]}={value or '1000'}. (Conditions such as "
            '"shots>=1000" are for sweeper table DIR --where.)'
        )
    return None


def _torn_apart(key: str, value: str, following: Sequence[str]) -> str | None:
    """A setting with blanks in it, which the shell has made several words."""
    if not following or "=" in following[0] or following[0].startswith("-"):
        return None
    if value.endswith(","):
        rest = [value]
        for word in following:
            rest.append(word)
            if not word.endswith(","):
                break
        return f"Values are listed without blanks between them: {key}={''.join(rest)}"
    if not value:
        return f"There are no blanks around '=': {key}={following[0]}"
    if following[0].startswith(","):
        return f"Values are listed without blanks between them: {key}={value}{following[0]}"
    return None


def _wrong_separator(word: str, key: str, value: str) -> str | None:
    """An option is chosen with slashes, its keys are set with dots."""
    if re.fullmatch(r"hydra\.(launcher|sweeper)", key) and not value.startswith("{"):
        return f"{word}: an option is chosen with a slash, {key.replace('.', '/')}={value}"
    # Groups below a sweeper's are its own, such as hydra/sweeper/sampler: Hydra knows whether there is one.
    if re.fullmatch(r"hydra/sweeper/\w+", key):
        return None
    if re.fullmatch(r"(hydra|algorithm|problem|device|optimizer|instance)/\w+(/|\.)\w+", key):
        return f"{word}: a key of an option is set with dots, {key.replace('/', '.')}={value}"
    if re.fullmatch(r"(algorithm|problem|device|optimizer|instance)/\w+", key):
        return f"{word}: a key of an option is set with a dot, {key.replace('/', '.')}={value}"
    return None


def _check_launcher(word: str, value: str) -> None:
    names = [name.strip() for name in value.split(",")]
    for name in names:
        known = {*LAUNCHERS, *_options("hydra/launcher")}
        if name not in known and re.fullmatch(r"[\w-]+", name):
            raise UsageError(foreign_launcher(name))
    if len(names) > 1:
        raise UsageError(f"{word}: a sweep has one launcher; choose one of {', '.join(LAUNCHERS)}.")


def _no_setting(word: str, after: str) -> str:
    """What to type instead of a word that has no `=`."""
    for look in (_as_verb, _as_colon, _as_file, _as_group, _as_key, _as_option, _as_slip):
        if said := look(word, after):
            return said
    return (
        f"{word!r} is neither a command nor a setting. Settings are KEY=VALUE, as in shots=1000; the "
        "commands "
        f"are {', '.join(VERBS)}."
    )


def _as_verb(word: str, after: str) -> str | None:
    del after
    if word in VERBS:
        return f"{word} comes first: sweeper {word} …"
    if word in _INSTEAD:
        return f"There is no command {word!r}: {_INSTEAD[word]}."
    return None


def _as_colon(word: str, after: str) -> str | None:
    found = re.fullmatch(r"([A-Za-z_][\w./]*):\s*(.*)", word)
    key = _key_meant(found[1]) if found else None
    if found is None or key is None:
        return None
    return f"{word}: a setting is typed with '=', as in {key}={found[2] or after or 'VALUE'}"


def _as_file(word: str, after: str) -> str | None:
    del after
    path = Path(word)
    if path.suffix == ".py":
        return (
            f"A script of your own is run like this: sweeper algorithm=script algorithm.source_module={word} "
            f"algorithm.entry_point={path.stem}:main"
        )
    if path.suffix in {".yaml", ".yml"}:
        return (
            f"{word}: a config is chosen by its name: conf/experiment/{path.stem}.yaml is "
            f"+experiment={path.stem}, conf/{path.stem}.yaml as primary config --config-name {path.stem}."
        )
    if (path / "sweep.db").is_file():
        typed = shlex.quote(word)
        return f"{word} is a sweep: sweeper table {typed} shows its results, sweeper resume {typed} goes on."
    return None


def _as_group(word: str, after: str) -> str | None:
    if word not in _groups():
        return None
    options = _options(word)
    if after in options:
        return f"{word} {after}: a setting is typed with '=', as in {word}={after}"
    return f"{word} needs an option, as in {word}={options[0]}; there are {', '.join(options)}."


def _as_key(word: str, after: str) -> str | None:
    if _KEY.fullmatch(word) is None or _key_meant(word) != word:
        return None
    value = after if _is_value(after) else "VALUE"
    return f"{word} needs a value: a setting is typed as KEY=VALUE, as in {word}={value}"


def _as_option(word: str, after: str) -> str | None:
    del after
    for group in _groups():
        if word in _options(group):
            return f"{word} is an option of {group}: {'+' * (group == 'experiment')}{group}={word}"
    return None


def _as_slip(word: str, after: str) -> str | None:
    if near := nearest(word, (*VERBS, *_INSTEAD)):
        meant = f"did you mean sweeper {near[0]}?" if near[0] in VERBS else f"{_INSTEAD[near[0]]}."
        return f"There is no command {word!r}: {meant}"
    key = _key_meant(word) if _KEY.fullmatch(word) else None
    if key is None:
        return None
    value = after if _is_value(after) else "VALUE"
    return f"{word!r} is neither a command nor a setting: did you mean {key}={value}?"


def _is_value(word: str) -> bool:
    return bool(word) and "=" not in word and not word.startswith("--")


def _groups() -> list[str]:
    return sorted(path.name for path in shipped("conf").iterdir() if path.is_dir() and path.name != "hydra")


def _options(group: str) -> list[str]:
    folders = [shipped("conf"), *(folder for _, folder in own_configs())]
    return sorted({path.stem for folder in folders for path in (folder / group).glob("*.yaml")})
