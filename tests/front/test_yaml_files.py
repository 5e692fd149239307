"""A mistake in a user's YAML file is named with its file, its line and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Files, Typed

MINE = "conf/optimizer/mine.yaml"
FIRST = "# @package _global_\n"
OWN = "conf/experiment/own.yaml"
BEGIN = "defaults: [cobyla, _self_]"

# What is in the file, what is typed, and what must be said.
MISTAKES: list[tuple[str, str | bytes | None, str, tuple[str, ...]]] = [
    (MINE, "rhobeg: 0.1\n", "optimizer=mine", (MINE, BEGIN)),
    (MINE, "learning_rate: 0.1\nbeta1: 0.5\n", "optimizer=mine", (MINE, "defaults: [adam, _self_]")),
    (MINE, "", "optimizer=mine", (MINE, BEGIN)),
    (MINE, "# nothing\n", "optimizer=mine", (MINE, BEGIN)),
    (MINE, "- a\n- b\n", "optimizer=mine", (MINE, BEGIN)),
    (MINE, "hello\n", "optimizer=mine", (MINE, BEGIN)),
    (MINE, "5\n", "optimizer=mine", (MINE, BEGIN)),
    (MINE, "null\n", "optimizer=mine", (MINE, BEGIN)),
    (MINE, f"{BEGIN}\nrhobeg: [0.1\n", "optimizer=mine", (f"{MINE}, line 3", "brackets")),
    (MINE, f"{BEGIN}\nrhobeg: 0.1\n tol: 2\n", "optimizer=mine", (f"{MINE}, line 3",)),
    (MINE, f"{BEGIN}\nrhobeg: 'a\n", "optimizer=mine", (f"{MINE}, line 3", "quote")),
    (MINE, f"{BEGIN}\nrhobeg: a: b\n", "optimizer=mine", (f"{MINE}, line 2", "quote the value")),
    (MINE, f"{BEGIN}\nrhobeg: @x\n", "optimizer=mine", (f"{MINE}, line 2", "quote the value")),
    (MINE, "defaults:\n\t- cobyla\n", "optimizer=mine", (f"{MINE}, line 2", "tab")),
    (
        MINE,
        f"{BEGIN}\nrhobeg: 1\nrhobeg: 2\n",
        "optimizer=mine",
        (f"{MINE}, line 3", "rhobeg stands there twice"),
    ),
    (MINE, f"{BEGIN}\nrhobeg: !!python/name:os.system\n", "optimizer=mine", (f"{MINE}, line 2", "tag")),
    (MINE, "a: &a [*a]\n", "optimizer=mine", (f"{MINE}, line 1", "alias")),
    (MINE, f"{BEGIN}\n? [a]\n: 1\n", "optimizer=mine", (f"{MINE}, line 2", "keys are words")),
    (MINE, "a: 1\n---\nb: 1\n", "optimizer=mine", (f"{MINE}, line 2", "second document")),
    (MINE, b"a: 1\nrhobeg: 0.1 # \xe9\n", "optimizer=mine", (f"{MINE}, line 2", "UTF-8")),
    (MINE, b"\xff\xfea\x00", "optimizer=mine", (f"{MINE}, line 1", "UTF-8")),
    (MINE, None, "optimizer=mine", ("optimizer has no option 'mine'",)),
    ("conf/optimizer/mine.yml", f"{BEGIN}\n", "optimizer=mine", (".yaml", "rename")),
    (MINE, "defaults: [mine]\n", "optimizer=mine", (f"{MINE} → {MINE}",)),
    (MINE, "defaults: [nowhere]\n", "optimizer=mine", (f"{MINE}, line 1", "optimizer/nowhere")),
    (MINE, "defaults: [cobyla_, _self_]\n", "optimizer=mine", (f"{MINE}, line 1", "did you mean cobyla?")),
    (MINE, "defaults: cobyla\n", "optimizer=mine", (f"{MINE}, line 1", BEGIN)),
    (MINE, "defaults: {cobyla: 1}\n", "optimizer=mine", (f"{MINE}, line 1", BEGIN)),
    (MINE, "a: 1\ndefaults: [[cobyla]]\n", "optimizer=mine", (f"{MINE}, line 2", BEGIN)),
    (MINE, f"{BEGIN}\n\nlr: 1\n", "optimizer=mine", (f"{MINE}, line 3", "optimizer.learning_rate")),
    (MINE, f"{BEGIN}\nrhobeg: big\n", "optimizer=mine", (f"{MINE}, line 2", "rhobeg must be a number")),
    (MINE, f"{BEGIN}\nrhobeg:\n", "optimizer=mine", (f"{MINE}, line 2", "cannot be null")),
    (
        MINE,
        f"{BEGIN}\nrhobeg: ${{optimizer.tol}}\ntol: ${{optimizer.rhobeg}}\n",
        "optimizer=mine",
        ("optimizer.rhobeg refers to itself",),
    ),
    (
        "conf/problem/mine.yaml",
        "edges: 0-1\n",
        "problem=mine",
        ("conf/problem/mine.yaml", "[edge_list, _self_]"),
    ),
    (
        "conf/device/mine.yaml",
        "arn: local:braket/default\n",
        "device=mine",
        ("conf/device/mine.yaml", "[local,"),
    ),
    (
        "conf/algorithm/mine.yaml",
        "depth: 1\n",
        "algorithm=mine",
        ("conf/algorithm/mine.yaml", "[qaoa_maxcut"),
    ),
    ("conf/instance/mine.yaml", "vcpus: 1\n", "instance=mine", ("conf/instance/mine.yaml", "[ml_m5_large")),
    (OWN, "shots: 3\n", "+experiment=own", (OWN, "'# @package _global_'")),
    (OWN, "# @package _globl_\nshots: 3\n", "+experiment=own", (OWN, "'# @package _global_'")),
    (OWN, "defaults:\n  - override /optimizer: spsa\n", "+experiment=own", (OWN, "'# @package _global_'")),
    (OWN, f"{FIRST}optimizer: spsa\n", "+experiment=own", (f"{OWN}, line 2", "- override /optimizer: spsa")),
    (
        OWN,
        f"{FIRST}hydra:\n  launcher: braket_aws\n",
        "+experiment=own",
        (f"{OWN}, line 3", "- override /hydra/launcher: braket_aws"),
    ),
    (
        "conf/mine.yaml",
        "defaults: [config, _self_]\ndevice: sv1\n",
        "--config-name mine",
        ("conf/mine.yaml, line 2", "- override /device: sv1"),
    ),
    (OWN, f"{FIRST}shotss: 3\n", "+experiment=own", (f"{OWN}, line 2", "did you mean shots")),
    (OWN, f"{FIRST}shots: many\n", "+experiment=own", (f"{OWN}, line 2", "whole number")),
    (OWN, f"{FIRST}job:\n", "+experiment=own", (f"{OWN}, line 2", "cannot be null")),
    (
        OWN,
        f"{FIRST}job: {{retires: 3}}\n",
        "+experiment=own",
        (f"{OWN}, line 2", "did you mean job.retries?"),
    ),
    (OWN, f"{FIRST}optimizer:\n", "+experiment=own", (f"{OWN}, line 2", "optimizer is null")),
    (OWN, f"{FIRST}hydra:\n", "+experiment=own", (f"{OWN}, line 2", "hydra: has no keys")),
    (
        OWN,
        f"{FIRST}defaults:\n  - optimizer: spsa\n",
        "+experiment=own",
        (OWN, "- override /optimizer: spsa"),
    ),
    (
        OWN,
        f"{FIRST}defaults:\n  - override optimizer: spsa\n",
        "+experiment=own",
        (OWN, "override /optimizer:"),
    ),
    (
        OWN,
        f"{FIRST}defaults:\n  - override /optimiser: spsa\n",
        "+experiment=own",
        (OWN, "override /optimizer:"),
    ),
    (
        OWN,
        f"{FIRST}defaults:\n  - override /optimizer: sspa\n",
        "+experiment=own",
        (f"{OWN}, line 3", "spsa?"),
    ),
    (
        OWN,
        f"{FIRST}hydra: {{sweeper: {{params: {{seed: [0, 1]}}}}}}\n",
        "+experiment=own",
        (f"{OWN}, line 2", "seed=0,1"),
    ),
    (OWN, f"{FIRST}hydra: {{sweeper: {{params: [seed]}}}}\n", "+experiment=own", (OWN, "seed: 0,1,2")),
    (
        OWN,
        f"{FIRST}hydra:\n  sweeper:\n    params:\n      sede: 0,1\n",
        "+experiment=own",
        (f"{OWN}, line 5", "did you mean seed"),
    ),
    (
        OWN,
        f"{FIRST}defaults:\n  - override /hydra/launcher: basic\n",
        "+experiment=own",
        ("cannot run hybrid jobs", "braket_local"),
    ),
    ("conf/config.yaml", "shots: 3\n", "shots=5", ("conf/config.yaml", "--config-name mine")),
    ("conf/config.yaml", "", "", ("conf/config.yaml", "--config-name mine")),
    ("conf/config.yaml", "- 1\n", "", ("conf/config.yaml", "--config-name mine")),
    ("conf/config.yaml", "model: resnet\n", "max_iterations=3", ("conf/config.yaml", "--config-name mine")),
    ("conf/config.yaml", "a: [\n", "", ("conf/config.yaml, line 2",)),
    ("conf/mine.yaml", "shots: 3\n", "plan --config-name mine", ("conf/mine.yaml", "[config, _self_]")),
    (OWN, f"{FIRST}shots: ${{max_\n", "+experiment=own", ("shots", "braces")),
    ("conf/mine.yaml", "shots: 3\n", "--config-name mine", ("conf/mine.yaml", "[config, _self_]")),
    ("conf/mine.yaml", "shots: 3\n", "--config-name=mine seed=1", ("conf/mine.yaml", "[config, _self_]")),
]


@pytest.mark.parametrize(("file", "content", "line", "words"), MISTAKES)
def test_it_names_the_file_the_line_and_the_mend(
    typed: Typed, file: str, content: str | bytes | None, line: str, words: tuple[str, ...]
) -> None:
    typed(*line.split(), files={file: content}).refuses(*words)


def test_two_files_that_inherit_each_other(typed: Typed) -> None:
    files: Files = {MINE: "defaults: [b]\n", "conf/optimizer/b.yaml": "defaults: [mine]\n"}
    typed("optimizer=mine", files=files).refuses(f"conf/optimizer/b.yaml → {MINE} → conf/optimizer/b.yaml")


def test_a_folder_of_ones_own_is_named_as_it_was_given(typed: Typed) -> None:
    files: Files = {"elsewhere/optimizer/mine.yaml": "rhobeg: [\n"}
    typed("--config-dir", "elsewhere", "optimizer=mine", files=files).refuses(
        "elsewhere/optimizer/mine.yaml, line 2"
    )


@pytest.mark.parametrize(
    "content", ["arn: local:braket/default\n", "a: [\n", b"\xff", "defaults: [local]\narm: x\n"]
)
def test_the_list_of_devices_says_it_too(typed: Typed, content: str | bytes) -> None:
    typed("devices", "--offline", files={"conf/device/mine.yaml": content}).refuses("conf/device/mine.yaml")


def test_the_mends_work(typed: Typed) -> None:
    """What the messages tell to write is written, and runs."""
    files: Files = {
        MINE: f"{BEGIN}\nrhobeg: 0.25\n",
        OWN: f"{FIRST}defaults:\n  - override /optimizer: mine\n"
        "hydra: {sweeper: {params: {seed: '0,1'}}}\n",
        "conf/mine.yaml": "defaults: [config, _self_]\nshots: 33\n",
        "conf/problem/mine.yaml": "defaults: [edge_list, _self_]\nedges: 0-1,1-2\n",
    }
    answer = typed("plan", "--config-name", "mine", "+experiment=own", files=files)
    assert answer.code == 0, answer
    assert "2 jobs" in answer.said
    shown = typed("--cfg", "job", "--config-name", "mine", "+experiment=own").shown
    assert "rhobeg: 0.25" in shown
    assert "shots: 33" in shown
    assert typed("plan", "algorithm=qaoa_maxcut", "problem=mine").code == 0


class TestResolvers:
    """`resolvers.py` in a config folder."""

    CODE = (
        "from omegaconf import OmegaConf\n"
        "import math\n"
        "def twice(x):\n    return math.floor(2 * x)\n"
        "OmegaConf.register_resolver('front_twice', lambda x: twice(x), replace=True)\n"
    )

    def test_they_are_there_before_anything_is_composed(self, typed: Typed) -> None:
        answer = typed(
            "--cfg", "job", "--resolve", "shots=${front_twice:21}", files={"conf/resolvers.py": self.CODE}
        )
        assert "shots: 42" in answer.shown
        assert typed("plan", "seed=${front_twice:1},${front_twice:2}").code == 0
        assert typed("plan", "-m", "seed=1,2", 'shots="${front_twice:${seed}}"').code == 0

    def test_they_are_found_in_a_folder_that_is_named(self, typed: Typed) -> None:
        code = self.CODE.replace("front_twice", "front_double")
        answer = typed(
            *("--cfg", "job", "--resolve", "--config-dir", "more", "shots=${front_double:4}"),
            files={"more/resolvers.py": code},
        )
        assert "shots: 8" in answer.shown

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            ("x = 1\ny = (\n", ("conf/resolvers.py, line 2", "SyntaxError")),
            ("x = 1\nimport nowhere_to_be_found\n", ("conf/resolvers.py, line 2", "nowhere_to_be_found")),
            (
                "def f():\n    raise ValueError('mine')\nf()\n",
                ("conf/resolvers.py, line 2", "ValueError: mine"),
            ),
            ("import sys\nsys.exit(3)\n", ("conf/resolvers.py, line 2", "SystemExit")),
            (
                "from omegaconf import OmegaConf\nOmegaConf.register_resolver('oc.env', lambda x: x)\n",
                ("conf/resolvers.py, line 2", "replace=True"),
            ),
        ],
    )
    def test_a_mistake_in_the_file_is_named(self, typed: Typed, code: str, words: tuple[str, ...]) -> None:
        typed("shots=5", files={"conf/resolvers.py": code}).refuses(*words)

    def test_what_a_resolver_raises_is_said(self, typed: Typed) -> None:
        code = (
            "from omegaconf import OmegaConf\n"
            "OmegaConf.register_resolver('front_broken', lambda: 1 / 0, replace=True)\n"
        )
        typed("shots=${front_broken:}", files={"conf/resolvers.py": code}).refuses(
            "shots", "division by zero"
        )

    def test_commands_that_compose_nothing_do_not_run_it(self, typed: Typed, tmp_path: Path) -> None:
        files: Files = {"conf/resolvers.py": "open('was_here', 'w')\n"}
        typed("version", files=files)
        typed("table", "nowhere")
        assert not (tmp_path / "was_here").exists()
