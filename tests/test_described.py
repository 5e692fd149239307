"""What a source says of its hyperparameters: kept current, and read whoever wrote it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from algorithms import describe
from algorithms.hyperparameters import HyperparameterError, Hyperparameters
from algorithms.options import Option, read
from algorithms.settings import Settings
from scripts import option_documents
from sweeper.config.described import described, sent
from sweeper.errors import ConfigError

STRANGER: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "lr": {"type": "number", "exclusiveMinimum": 0, "maximum": 1, "default": 0.1, "unit": "rad"},
        "model": {"enum": ["small", "large", "huge"], "default": "small", "description": "Which network"},
        "resume": {"type": ["string", "null"], "default": None, "pattern": "^s3:", "expected": "an S3 URI"},
        "epochs": {"type": "integer", "minimum": 1},
    },
    "allOf": [
        {"$ref": "#/$defs/log"},
        {
            "if": {"properties": {"model": {"enum": ["large", "huge"]}}},
            "then": {"properties": {"width": {"type": "integer", "minimum": 8, "default": 64}}},
        },
        {
            "if": {"properties": {"resume": {"not": {"const": None}}}},
            "then": {"properties": {"strict": {"type": "boolean", "default": True}}},
        },
    ],
    "$defs": {"log": {"properties": {"verbose": {"type": "boolean", "default": False}}}},
}


def test_the_shipped_files_are_what_the_dataclasses_say() -> None:
    assert describe.file().read_text() == describe.text(), "run python -m algorithms.describe"
    for path, content in option_documents.files().items():
        assert path.read_text() == content, f"{path.name}: run python -m scripts.option_documents"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "hyperparameters.schema.json").write_text(json.dumps(STRANGER))
    return tmp_path


class TestAStrangersSource:
    def test_is_read_with_what_belongs_to_choices(self, source: Path) -> None:
        options = {option.name: option for option in described(source)}
        assert list(options) == ["lr", "model", "resume", "epochs", "verbose"]
        assert [each.name for each in options["model"].members()] == ["model", "width"]
        assert (options["lr"].unit, options["lr"].bounds) == ("rad", "above 0, 1 at most")
        assert options["model"].annotation == Literal["small", "large", "huge"]
        assert options["resume"].annotation == (str | None)
        assert options["epochs"].default is ...

    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            ("lr", 0.0, "p.lr=0.0 is not possible: p.lr must be above 0, 1 at most"),
            ("lr", float("nan"), "must be above 0"),
            ("lr", float("inf"), "must be above 0"),
            ("epochs", 0, "p.epochs must be 1 or more"),
            ("resume", "here", "p.resume must be an S3 URI"),
        ],
    )
    def test_refuses_values_by_their_key(self, source: Path, name: str, value: Any, message: str) -> None:
        (option,) = (each for each in described(source) if each.name == name)
        with pytest.raises(ConfigError, match=message):
            option.require(f"p.{name}", value)

    def test_is_sent_what_is_chosen(self, source: Path) -> None:
        values = {"lr": 0.1, "model": "small", "resume": None, "epochs": 3, "verbose": False}
        values |= {"width": 64, "strict": True}
        options = described(source)
        assert set(sent(options, values)) == {"lr", "model", "resume", "epochs", "verbose"}
        assert set(sent(options, values, defaults=False)) == {"epochs"}
        chosen = sent(options, {**values, "model": "huge", "resume": "s3://x"}, defaults=False)
        assert set(chosen) == {"epochs", "model", "width", "resume", "strict"}

    def test_that_describes_nothing_is_refused_by_its_file(self, source: Path) -> None:
        with pytest.raises(ConfigError, match="does not describe the hyperparameters of main"):
            described(source, "main")
        (source / "hyperparameters.schema.json").write_text("{")
        with pytest.raises(ConfigError, match=r"hyperparameters\.schema\.json does not describe"):
            described(source / "hyperparameters.schema.json")


@dataclass(frozen=True)
class _Feature:
    level: Annotated[int, Option("How much", at_least=1, at_most=9)]
    factor: Annotated[float, Option("Of each level", at_least=0, below=1)] = 0.5


@dataclass(frozen=True)
class _Options:
    feature: Annotated[_Feature | None, Option(prefix="feature.", off=0)]
    place: Annotated[str | None, Option("Where", pattern="s3:", expected="an S3 URI")]
    flag: Annotated[bool, Option("Whether", may_be_absent=True)] = True


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"place": "null"}, _Options(None, None)),
        ({"place": "s3://x", "flag": "false", "feature.level": "0"}, _Options(None, "s3://x", False)),
        ({"place": "null", "feature.level": "2", "feature.factor": "0"}, _Options(_Feature(2, 0.0), None)),
        ({}, '"place" is missing'),
        ({"place": "x"}, "expected an S3 URI"),
        ({"place": "null", "feature.level": "2"}, '"feature.factor" is missing'),
        ({"place": "null", "feature.level": "10", "feature.factor": "0"}, "expected an integer of 1 to 9"),
        (
            {"place": "null", "feature.level": "2", "feature.factor": "1"},
            "expected a finite number of 0 or more, below 1",
        ),
    ],
)
def test_a_job_reads_its_dataclass(given: dict[str, str], expected: _Options | str, tmp_path: Path) -> None:
    hyperparameters = Hyperparameters(given, tmp_path)
    if isinstance(expected, str):
        with pytest.raises(HyperparameterError, match=expected):
            read(_Options, hyperparameters)
    else:
        assert read(_Options, hyperparameters) == expected
        hyperparameters.finish()


def test_features_whose_keys_are_not_passed_are_off(tmp_path: Path) -> None:
    given = {"shots": "1", "seed": "0", "max_iterations": "1", "optimizer": "adam", "reference": "null"}
    adam = {"learning_rate": "1", "beta1": "0", "beta2": "0", "gradient": "parameter_shift"}
    given |= {f"optimizer.{name}": value for name, value in adam.items()}
    settings = Settings.read(Hyperparameters(given, tmp_path))
    assert settings.optimizer == "adam"
    assert [settings.stop, settings.schedule, settings.warmup, settings.noise] == [None] * 4
    assert (settings.fees.own, settings.fees.bound_usd, settings.tasks.attempts) == (None, None, 4)
