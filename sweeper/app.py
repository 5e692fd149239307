"""The Hydra application: everything that is not a subcommand of `sweeper`."""

from __future__ import annotations

import os
import sys

import hydra
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from sweeper.answer import answer
from sweeper.errors import LeftRunning, PlanShown, SweeperError
from sweeper.locate import shipped
from sweeper.schema import register


def run(arguments: list[str]) -> int:
    """Run Hydra on `arguments`; a mistake of the user's ends in one clear message, not in a traceback.

    Returns:
        The exit code: 0; 1 if the sweep was refused or a job of it failed; 130 if it was interrupted.
    """
    register()
    sys.argv[1:] = arguments
    # With this variable Hydra raises its errors, instead of printing them and leaving the process, so
    # that they can be told apart here; jobs never see it.
    full_error = os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    try:
        return answer(_run_hydra)
    finally:
        if full_error == "1":
            os.environ.pop("HYDRA_FULL_ERROR", None)


def _run_hydra() -> int:
    try:
        hydra.main(config_path=str(shipped("conf")), config_name="config")(_never_called)()
    except (LeftRunning, PlanShown):
        raise
    except (SweeperError, HydraException, OmegaConfBaseException) as error:
        raise SweeperError(_explain(error)) from error
    except ValueError as error:
        # Hydra's own answer to a config group set to null, among others.
        if not _raised_by_hydra(error):
            raise
        raise SweeperError(_explain(error)) from error
    return 0


def _never_called(config: DictConfig) -> None:
    raise SweeperError(
        "hydra.mode=RUN bypasses the launcher, so no job would be recorded: leave hydra.mode at MULTIRUN "
        f"(a single combination is a sweep of one). The algorithm was {config.algorithm.entry_point}."
    )


def _raised_by_hydra(error: BaseException) -> bool:
    """Whether the error comes out of Hydra's composition, and so from what was typed."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and "hydra" in trace.tb_frame.f_globals.get("__name__", "")


def _explain(error: BaseException) -> str:
    """The whole chain of messages, each once; a config error also names the allowed keys."""
    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        text = str(cause).strip()
        if text and not any(text in line for line in lines):
            lines.append(text)
        if isinstance(cause, OmegaConfBaseException) and (hint := _allowed_keys(cause)):
            lines.append(hint)
        cause = cause.__cause__
    return "\n".join(lines)


def _allowed_keys(error: OmegaConfBaseException) -> str:
    """For an unknown key: which keys there are."""
    node = error.parent_node
    if not isinstance(node, DictConfig) or error.key is None or error.key in node:
        return ""
    return f"Allowed here: {', '.join(str(key) for key in node if key != 'hydra')}."
