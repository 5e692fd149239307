"""The user's own OmegaConf resolvers: `resolvers.py` in a config folder, run before anything is composed."""

from __future__ import annotations

import hashlib
import runpy
import sys
import traceback
from pathlib import Path
from types import ModuleType

from sweeper.compose.yaml_files import shown
from sweeper.config.shipped import own_configs
from sweeper.errors import ConfigError

FILE = "resolvers.py"


def load_resolvers() -> None:
    """Run `resolvers.py` of `./conf` and of `--config-dir`, each once in a process while it is the same.

    What it registers lasts as long as the process, in OmegaConf; that it has run is noted where Python notes
    its imports.

    Raises:
        ConfigError: It raised something; names the file and the line.
    """
    for _, folder in own_configs():
        file = folder / FILE
        if not file.is_file():
            continue
        try:
            code = file.read_text("utf-8")
            name = f"resolvers_{hashlib.sha256(f'{file} {code}'.encode()).hexdigest()}"
            if name in sys.modules:
                continue
            runpy.run_path(str(file), run_name="resolvers")  # which leaves no __pycache__ there
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise ConfigError(f"{shown(file)}{_line(error, file)}: {_words(error)}") from error
        sys.modules[name] = ModuleType(name, f"What {file} has registered.")


def _line(error: BaseException, file: Path) -> str:
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return f", line {error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return f", line {frames[-1].lineno}" if frames else ""


def _words(error: BaseException) -> str:
    name = type(error).__name__
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    again = " (register it with replace=True)" if "already registered" in text else ""
    return f"{name}: {text}{again}" if text else name
