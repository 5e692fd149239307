"""What has changed under a sweep's folder since its jobs were enlisted: sources, input data, configs.

One table must not hold results of two versions of a program as if they were one, unless somebody wants it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sweeper.compose.composition import Combination
from sweeper.config.leaves import flatten
from sweeper.config.whole_sweep import is_of_the_whole_sweep
from sweeper.errors import ConfigError, FolderError
from sweeper.folder.layout import SweepFolder
from sweeper.job.source import Source, Sources
from sweeper.job.spec import JobSpec
from sweeper.ledger.record import JobRecord

_MOST_LINES = 12


@dataclass(frozen=True)
class Changes:
    """What a sweep's command finds changed in its folder.

    Attributes:
        lines: What has changed, for people; empty if nothing.
        enlisted: For each combination that would now be another job, the job as which it was enlisted.
    """

    lines: tuple[str, ...]
    enlisted: Mapping[int, JobRecord]

    def refuse_unless(self, accepted: bool, folder: SweepFolder) -> None:
        """See that nothing has changed, or that somebody wants to go on.

        Raises:
            ConfigError: Says what has changed, and what can be done.
        """
        if self.lines and not accepted:
            raise ConfigError(
                f"{folder.root} holds jobs from before these changes:\n{_listed(self.lines)}\n"
                "One table would mix both. Choose another folder (hydra.sweep.dir=…), undo the changes, or "
                "go on with accept_changes=true: finished jobs are kept as they are, the others run with "
                "the changes."
            )


def changes_since(
    jobs: Sequence[JobRecord], combinations: Sequence[Combination], folder: SweepFolder
) -> Changes:
    """Compare what a command composes now with what its folder has.

    A combination is known again by its overrides; it has changed if it would now be another job. A source
    that has changed is also seen from combinations that are new.

    Args:
        jobs: All jobs of the folder.
        combinations: What the command composes.
        folder: The sweep's folder, with the copies of the sources as they were.
    """
    known = {job.key for job in jobs}
    new = {place: c for place, c in enumerate(combinations) if c.spec.key not in known}
    if not known or not new:
        return Changes((), {})
    by_overrides = {_identity(job.overrides): job for job in jobs}
    specs = {job.number: JobSpec.from_json(job.spec) for job in jobs if job.spec}
    sources: dict[Path, dict[str, Source]] = {}
    for spec in specs.values():
        sources.setdefault(spec.source.path, {})[spec.source.digest] = spec.source
    lines: dict[str, None] = {}
    enlisted = {}
    for place, combination in new.items():
        job = by_overrides.get(_identity(combination.overrides))
        if job is not None and job.number in specs:
            enlisted[place] = job
            lines |= dict.fromkeys(_differences(job, specs[job.number], combination, folder))
            continue
        source = combination.spec.source
        earlier = sources.get(source.path, {})
        if earlier and source.digest not in earlier:
            lines |= dict.fromkeys(_of_source(next(reversed(earlier.values())), folder))
    return Changes(tuple(lines), enlisted)


def refuse_changed(
    folder: SweepFolder, jobs: Iterable[JobRecord], configs: Mapping[str, str], *, accepted: bool
) -> None:
    """See that the jobs which `sweeper resume` is to start are still what the disk says.

    What is started runs as it was enlisted: its own copy of the source, its own hyperparameters. Of input
    data there is no copy. What is not on this machine (any more) is no change.

    Args:
        folder: The sweep's folder.
        jobs: The jobs that are to be started.
        configs: Digests of the config files, as `config_digests` made them.
        accepted: Whether to go on although sources or configs have changed.

    Raises:
        FolderError: Says what has changed, and what can be done.
    """
    specs = [JobSpec.from_json(job.spec) for job in jobs]
    if not specs:
        return
    digest_of = Sources().digest
    data = {
        f"job.input_data.{channel}={spec.input_data[channel]}": None
        for spec in specs
        for channel, digest in spec.input_digests.items()
        if not Path(spec.input_data[channel]).exists() or digest_of(Path(spec.input_data[channel])) != digest
    }
    if data:
        raise FolderError(
            f"{folder.root}: input data that the unfinished jobs need has changed or is missing:\n"
            f"{_listed(data)}\nRestore it, or run the sweep's command again with accept_changes=true."
        )
    lines: dict[str, None] = {}
    for source in dict.fromkeys(spec.source for spec in specs):
        if source.path.exists() and digest_of(source.path) != source.digest:
            lines |= dict.fromkeys(_of_source(source, folder))
    lines |= {
        f"{path} has changed": None
        for path, digest in configs.items()
        if Path(path).is_file() and _config_digest(Path(path)) != digest
    }
    if lines and not accepted:
        raise FolderError(
            f"{folder.root}: since its jobs were enlisted something has changed:\n{_listed(lines)}\n"
            "`sweeper resume --accept-changes` runs the unfinished jobs as they were enlisted, from the "
            "folder's own copies; the sweep's command with accept_changes=true runs them with the changes."
        )


def config_digests(
    sources: Iterable[Mapping[str, str]], name: str, combinations: Iterable[Combination]
) -> dict[str, str]:
    """Digest of each config file that these combinations choose, by its path.

    Args:
        sources: Hydra's `hydra.runtime.config_sources`.
        name: Name of the primary config.
        combinations: Their choices name the files.
    """
    chosen = {f"{group}/{choice}" for c in combinations for group, choice in c.choices.items() if choice}
    files = [
        Path(source["path"]) / f"{option}.yaml"
        for source in sources
        if source["schema"] == "file"
        for option in (name, *sorted(chosen))
    ]
    return {str(file): _config_digest(file) for file in files if file.is_file()}


def _config_digest(file: Path) -> str:
    """Digest of what a config file says; comments may change."""
    try:
        content = json.dumps(yaml.safe_load(file.read_bytes()), sort_keys=True, default=str)
    except (yaml.YAMLError, OSError) as error:
        content = str(error)
    return hashlib.sha256(content.encode()).hexdigest()


def _identity(overrides: Iterable[str]) -> frozenset[str]:
    """What makes a combination the same one in another run of the command."""
    return frozenset(
        text for text in overrides if not is_of_the_whole_sweep(text.lstrip("+").partition("=")[0])
    )


def _differences(job: JobRecord, before: JobSpec, combination: Combination, folder: SweepFolder) -> list[str]:
    """Why a combination is not the job any more as which it was enlisted."""
    now = combination.spec
    lines = []
    if before.source.digest != now.source.digest:
        lines += _of_source(Source(now.source.path, before.source.digest), folder)
    for channel, digest in now.input_digests.items():
        if before.input_digests.get(channel) != digest:
            lines.append(f"job.input_data.{channel}={now.input_data[channel]}: its content has changed")
    was, is_ = _leaves(job.config), _leaves(combination.config)
    for key in dict.fromkeys([*was, *is_]):
        if was.get(key) != is_.get(key):
            lines.append(f"{key} was {was.get(key, 'not there')} and is {is_.get(key, 'not there')}")
    return lines or [f"job {job.number} gets other hyperparameters from the same config"]


def _leaves(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in flatten(config) if not is_of_the_whole_sweep(key)}


def _of_source(before: Source, folder: SweepFolder) -> list[str]:
    """The files of a source that are not what they were."""
    changes = before.changed_files(folder.sources)
    return [f"{before.path}: {change}" for change in changes or ["its files have changed"]]


def _listed(lines: Iterable[str]) -> str:
    texts = [f"  {line}" for line in lines]
    more = [f"  … and {len(texts) - _MOST_LINES} more"] if len(texts) > _MOST_LINES else []
    return "\n".join([*texts[:_MOST_LINES], *more])
