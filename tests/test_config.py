"""Every config that cannot run is refused before anything starts, with its key and what is allowed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from sweeper.cli import hydra_app as app
from sweeper.compose.composition import Combination, Composer
from sweeper.compose.fast_loader import SweepLoader
from sweeper.config.algorithm import QaoaMaxcut, Script, Vqe
from sweeper.config.device import Device, Price
from sweeper.config.instance import Instance
from sweeper.config.optimizer import OPTIMIZERS
from sweeper.config.register import register
from sweeper.config.root import JobLimits, SweepConfig
from sweeper.config.shipped import shipped
from sweeper.errors import ConfigError
from sweeper.job.spec import JobSpec
from sweeper.problems import PROBLEMS, Hamiltonian, options_making

from .asked import Here

CONF = shipped("conf")
ALGORITHMS = {**{algorithm.name: algorithm for algorithm in (Vqe, QaoaMaxcut, Script)}, "vqe_h2": Vqe}
METHODS = {optimizer.method: optimizer for optimizer in OPTIMIZERS}
# The whole grid has to fit into the evaluations.
SMALL_ENOUGH = {"grid": "optimizer=grid algorithm=qaoa_maxcut max_iterations=300"}


def options(group: str) -> list[str]:
    """Names of the shipped options of a group."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


@pytest.fixture(scope="module")
def loader() -> Iterator[ConfigLoader]:
    register()
    with initialize_config_dir(str(CONF), job_name="sweeper"):
        yield GlobalHydra.instance().config_loader()


class Sweep:
    """Composes combinations as the launcher does."""

    def __init__(self, loader: ConfigLoader) -> None:
        self.loader = SweepLoader(loader)
        self.config = loader.load_configuration("config", [], run_mode=RunMode.MULTIRUN)

    def __call__(self, *combinations: str, first: int = 0) -> list[Combination]:
        """One combination for each text of overrides."""
        return Composer(self.loader, self.config).compose(
            [text.split() for text in combinations], Here(), first
        )

    def one(self, overrides: str = "") -> Combination:
        (combination,) = self(overrides)
        return combination

    def spec(self, overrides: str = "") -> JobSpec:
        return self.one(overrides).spec


@pytest.fixture(scope="module")
def sweep(loader: ConfigLoader) -> Sweep:
    return Sweep(loader)


@pytest.fixture
def script(tmp_path: Path) -> str:
    """Overrides that choose a script of one's own."""
    (tmp_path / "my_job.py").write_text("def main(): ...\n")
    path = tmp_path / "my_job.py"
    return f"algorithm=script algorithm.source_module={path} algorithm.entry_point=my_job:main"


class TestDefaults:
    def test_the_shipped_config_runs_vqe_on_a_local_simulator(self, sweep: Sweep) -> None:
        combination = sweep.one()
        assert combination.choices == {
            "algorithm": "vqe",
            "device": "local",
            "optimizer": "cobyla",
            "instance": "ml_m5_large",
            "problem": "h2",
        }
        spec = combination.spec
        assert (spec.device, spec.instance_type) == ("local:braket/default", "ml.m5.large")
        assert (spec.entry_point, spec.objective) == ("algorithms.vqe:main", "objective")
        assert spec.hyperparameters.items() >= {"shots": "1000", "seed": "0", "max_iterations": "60"}.items()

    @pytest.mark.parametrize(
        ("overrides", "problem"),
        [
            ("algorithm=vqe", "h2"),
            ("algorithm=qaoa_maxcut", "ring"),
            ("algorithm=qaoa_maxcut problem=regular", "regular"),
            ("problem=regular algorithm=qaoa_maxcut", "regular"),
        ],
    )
    def test_an_algorithm_brings_its_problem_and_a_plain_override_replaces_it(
        self, sweep: Sweep, overrides: str, problem: str
    ) -> None:
        combination = sweep.one(overrides)
        assert combination.choices["problem"] == problem
        assert set(combination.config["problem"]) == {field.name for field in fields(PROBLEMS[problem])}

    def test_vqe_h2_is_vqe(self, sweep: Sweep) -> None:
        words = "problem=pauli algorithm.layers=2 algorithm.ansatz=hardware_efficient"
        assert sweep.one(f"algorithm=vqe_h2 {words}").config == sweep.one(f"algorithm=vqe {words}").config
        assert sweep.spec("algorithm=vqe_h2").key == sweep.spec("algorithm=vqe").key == sweep.spec("").key

    def test_algorithms_of_different_problems_are_swept_together(self, sweep: Sweep) -> None:
        combinations = sweep("algorithm=vqe", "algorithm=qaoa_maxcut")
        assert [combination.choices["problem"] for combination in combinations] == ["h2", "ring"]

    @pytest.mark.parametrize("option", options("experiment"))
    def test_every_experiment_composes(self, loader: ConfigLoader, option: str) -> None:
        config = loader.load_configuration("config", [f"+experiment={option}"], run_mode=RunMode.MULTIRUN)
        assert config.hydra.sweeper.params
        (combination,) = Composer(SweepLoader(loader), config).compose([[f"+experiment={option}"]], Here())
        assert combination.config["shots"] == config.shots


class TestShippedOptions:
    @pytest.mark.parametrize("algorithm", [name for name in options("algorithm") if name != "script"])
    def test_every_algorithm_has_all_keys_of_its_schema(self, sweep: Sweep, algorithm: str) -> None:
        assert_complete(sweep.one(f"algorithm={algorithm}").config["algorithm"], ALGORITHMS[algorithm])

    def test_a_script_has_all_keys_of_its_schema(self, sweep: Sweep, script: str) -> None:
        assert_complete(sweep.one(script).config["algorithm"], Script)

    @pytest.mark.parametrize("optimizer", options("optimizer"))
    def test_every_optimizer_has_all_keys_of_its_schema(self, sweep: Sweep, optimizer: str) -> None:
        words = SMALL_ENOUGH.get(optimizer, f"optimizer={optimizer}")
        assert_complete(sweep.one(words).config["optimizer"], METHODS[optimizer])

    @pytest.mark.parametrize("device", options("device"))
    def test_every_device_has_all_keys_of_its_schema(self, sweep: Sweep, device: str) -> None:
        assert_complete(sweep.one(f"device={device}").config["device"], Device)

    @pytest.mark.parametrize("device", options("device"))
    def test_every_device_that_costs_has_dated_and_sourced_prices(self, sweep: Sweep, device: str) -> None:
        config = sweep.one(f"device={device}").config["device"]
        price = Price(**config["price"])
        assert price.free is config["arn"].startswith("local:")
        if not price.free:
            assert price.as_of
            assert price.source
            assert config["regions"]

    @pytest.mark.parametrize("instance", options("instance"))
    def test_every_instance_has_all_keys_of_its_schema(self, sweep: Sweep, instance: str) -> None:
        config = sweep.one(f"instance={instance}").config["instance"]
        assert_complete(config, Instance)
        assert config["type"].replace(".", "_") == instance

    @pytest.mark.parametrize("problem", options("problem"))
    def test_every_problem_has_all_keys_of_its_schema(
        self, sweep: Sweep, tmp_path: Path, problem: str
    ) -> None:
        (tmp_path / "graph.txt").write_text("0 1\n")
        algorithm = "vqe" if problem in options_making(Hamiltonian) else "qaoa_maxcut"
        path = f"problem.path={tmp_path}/graph.txt" if problem == "graph_file" else ""
        config = sweep.one(f"algorithm={algorithm} problem={problem} {path}").config["problem"]
        assert_complete(config, PROBLEMS[problem])

    def test_there_is_a_file_for_every_schema(self) -> None:
        assert options("algorithm") == sorted(ALGORITHMS)
        assert options("optimizer") == sorted(METHODS)
        assert options("problem") == sorted(PROBLEMS)

    @pytest.mark.parametrize("optimizer", options("optimizer"))
    def test_an_optimizers_file_gives_the_defaults_of_its_schema(self, sweep: Sweep, optimizer: str) -> None:
        """So that the two, which say the same, cannot drift apart."""
        config = sweep.one(SMALL_ENOUGH.get(optimizer, f"optimizer={optimizer}")).config["optimizer"]
        assert config == asdict(METHODS[optimizer]())


def assert_complete(config: dict[str, Any], schema: type) -> None:
    """The composed config has the keys of its schema and no others, down to the last."""
    assert set(config) == {field.name for field in fields(schema)}
    for field in fields(schema):
        if is_dataclass(field.default_factory):
            assert_complete(config[field.name], field.default_factory)


# What is said, the config key that the message must name, and what it must say is allowed.
REFUSED_BY_THE_SCHEMA = [
    ("+foo=1", "'foo'", "The keys are: algorithm, problem, device"),
    (
        "+algorithm.depht=2 algorithm=qaoa_maxcut",
        "'algorithm.depht'",
        "entry_point, source_module, objective",
    ),
    ("+optimizer.a=1", "'optimizer.a'", "with optimizer=spsa. The keys of optimizer=cobyla are: rhobeg, tol"),
    ("+problem.n=3", "'problem.n'", "The keys of problem=h2 are: bond_length"),
    ("+device.price.per_hour=1", "'device.price.per_hour'", "per_task, per_shot"),
    ("+job.tag=x", "'job.tag'", "max_runtime_seconds, tags"),
    ("shots=-1", "shots=-1", "0 (exact expectation values) or more"),
    ("seed=-1", "seed=-1", "0 or more"),
    ("max_iterations=0", "max_iterations=0", "1 or more"),
    ("job.max_runtime_seconds=0", "job.max_runtime_seconds=0", "1 to 432000"),
    ("+job.input_data={a:[b.csv,c.csv]}", "job.input_data.a=['b.csv', 'c.csv']", "one path or S3 URI"),
    ("+job.input_data={a:{b:c.csv}}", "job.input_data.a={'b': 'c.csv'}", "one path or S3 URI"),
    ("+job.input_data.a=''", "job.input_data.a=", "one path or S3 URI"),
    ("+job.input_data.a=/dev/null", "job.input_data.a=/dev/null", "neither a file nor a folder"),
    ("+job.tags={team:[a,b]}", "job.tags.team=['a', 'b']", "one text"),
    ("job.max_runtime_seconds=432001", "job.max_runtime_seconds=432001", "1 to 432000"),
    ("budget.max_usd=-1", "budget.max_usd=-1", "0 or more"),
    ("device=iqm_garnet shots=0", "shots=0", "set shots to 1 to 20000, or choose an exact simulator"),
    ("device=iqm_garnet shots=20001", "shots=20001", "1 to 20000 on arn:aws:braket:eu-north-1"),
    ("device=ionq_forte shots=99", "shots=99", "100 to 5000 on arn:aws:braket:us-east-1"),
    ("device=ionq_forte shots=5001", "shots=5001", "100 to 5000"),
    ("device=sv1 shots=50001", "shots=50001", "1 to 50000, or 0 for exact expectation values"),
    ("device.arn=sv1", "device.arn=sv1", "local:<provider>/<name>"),
    ("device.arn=local:" + "x" * 256, "device.arn has 262 characters", "256 at most"),
    ("problem=ring", "algorithm=vqe cannot solve problem=ring", "such as problem=h2"),
    ("algorithm=qaoa_maxcut problem=h2", "cannot solve problem=h2", "problem=ring or complete or grid"),
    ("algorithm=qaoa_maxcut algorithm.depth=0", "algorithm.depth=0", "1 or more"),
    ("optimizer.rhobeg=0", "optimizer.rhobeg=0.0", "greater than 0"),
    ("optimizer.rhobeg=inf", "optimizer.rhobeg=inf", "greater than 0"),
    ("optimizer.rhobeg=nan", "optimizer.rhobeg=nan", "greater than 0"),
    ("optimizer=nelder_mead optimizer.xatol=-1", "optimizer.xatol=-1.0", "greater than 0"),
    ("optimizer=powell optimizer.ftol=0", "optimizer.ftol=0.0", "greater than 0"),
    ("optimizer=spsa optimizer.c=0", "optimizer.c=0.0", "greater than 0"),
    ("optimizer=spsa optimizer.stability=-1", "optimizer.stability=-1.0", "0 or more"),
    ("instance.type=m5.large", "instance.type=m5.large", "(ml.…)"),
    ("instance.vcpus=0", "instance.vcpus=0", "1 or more"),
    ("instance.volume_gib=0", "instance.volume_gib=0", "1 or more"),
    ("problem.bond_length=0.905", "problem.bond_length=0.905", "0.735"),
    ("algorithm=qaoa_maxcut problem.n=2", "problem.n=2", "3 to 1000 nodes"),
    ("algorithm=qaoa_maxcut problem=graph_file", "problem.path", "missing mandatory value"),
    (
        "algorithm=qaoa_maxcut problem=graph_file problem.path=/no/file",
        "problem.path=/no/file",
        "cannot be read",
    ),
    ("problem=pauli problem.path=h problem.terms=[]", "problem.terms and problem.path", "Give one of them"),
    (
        "algorithm=script",
        "algorithm.source_module (a Python file or a folder)",
        "algorithm.entry_point=my_job:main",
    ),
    ("algorithm=script algorithm.entry_point=a:b", "algorithm.source_module", "(module:function)"),
    (
        "algorithm.entry_point=nowhere:main",
        "algorithm.entry_point=nowhere:main",
        "algorithms.module:function",
    ),
    ("seed=${nothing}", "nothing", "not found"),
]


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[int, str]]]:
    """Runs the application in an empty folder: its exit code, and what it says on standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["sweeper"])
    outer = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    yield lambda *arguments: (app.run(list(arguments)), capsys.readouterr().err)
    GlobalHydra.instance().hydra = outer


class TestRefusals:
    @pytest.mark.parametrize(("overrides", "key", "allowed"), REFUSED_BY_THE_SCHEMA)
    def test_it_names_the_key_what_is_allowed_and_the_combination(
        self, sweep: Sweep, overrides: str, key: str, allowed: str
    ) -> None:
        with pytest.raises(ConfigError) as refusal:
            sweep.one(overrides)
        message = str(refusal.value)
        assert key in message
        assert allowed in message
        assert message.endswith(f"Refused: combination 0 ({overrides}); nothing was started.")

    def test_one_wrong_combination_refuses_them_all(self, sweep: Sweep) -> None:
        with pytest.raises(ConfigError, match=r"combination 6 \(shots=-1\)"):
            sweep("shots=1", "shots=-1", "shots=2", first=5)

    @pytest.mark.parametrize("hyperparameters", ["x=''", f"x={'1' * 2501}"])
    def test_what_braket_rejects_as_a_hyperparameter(
        self, sweep: Sweep, script: str, hyperparameters: str
    ) -> None:
        with pytest.raises(ConfigError, match="Hyperparameter 'x' is"):
            sweep.one(f"{script} +algorithm.hyperparameters.{hyperparameters}")

    # What Hydra refuses while it composes; `--cfg` composes and runs nothing.
    @pytest.mark.parametrize(
        ("overrides", "key", "allowed"),
        [
            ("foo=1", "'foo'", "The keys are: algorithm, problem, device, optimizer, instance, shots, seed"),
            ("algorithm.foo=1", "'algorithm.foo'", "The keys of algorithm=vqe are: entry_point"),
            (
                "optimizer.a=1",
                "'optimizer.a'",
                "The keys of optimizer=cobyla are: rhobeg, tol, implementation.",
            ),
            (
                "optimizer=spsa optimizer.rhobeg=1",
                "'optimizer.rhobeg'",
                "The keys of optimizer=spsa are: a, c, alpha, gamma",
            ),
            (
                "job.tag=x",
                "'job.tag'",
                "did you mean job.tags? The keys of job are: max_runtime_seconds, tags",
            ),
            ("algorithm=nope", "'nope'", "qaoa_maxcut, script, vqe, vqe_h2"),
            ("optimizer=nope", "'nope'", "nelder_mead, powell, slsqp, spsa"),
            ("device=nope", "'nope'", "braket_sv"),
            ("problem=nope", "'nope'", "erdos_renyi"),
            ("instance=nope", "'nope'", "ml_m5_large"),
            ("+experiment=nope", "'nope'", "showcase"),
            ("shots=many", "shots", "must be a whole number"),
            ("shots=1.5", "shots", "must be a whole number"),
            ("shots=true", "shots", "must be a whole number"),
            ("shots=null", "shots", "cannot be null"),
            ("optimizer.rhobeg=small", "optimizer.rhobeg", "must be a number"),
            ("algorithm.initial_point=zero", "initial_point", "expected one of ['random', 'hartree_fock']"),
            ("device.regions=3", "device.regions", "not a ListConfig"),
            ("job=3", "job=3", "not a subclass of JobLimits"),
        ],
    )
    def test_on_the_command_line_it_is_one_message_and_exit_code_1(
        self, command: Callable[..., tuple[int, str]], overrides: str, key: str, allowed: str
    ) -> None:
        code, error = command("--cfg", "job", *overrides.split())
        assert code == 1
        assert error.startswith("error: ")
        assert key in error
        assert allowed in error
        assert "Traceback" not in error

    def test_a_refused_sweep_leaves_no_folder(
        self, command: Callable[..., tuple[int, str]], tmp_path: Path
    ) -> None:
        code, error = command("shots=-1")
        assert code == 1
        assert error.startswith("error: shots=-1 is not possible")
        assert list(tmp_path.iterdir()) == []

    def test_a_run_past_the_launcher_is_refused(self, command: Callable[..., tuple[int, str]]) -> None:
        code, error = command("hydra.mode=RUN")
        assert code == 2
        assert "hydra.mode=RUN is refused: it bypasses the launcher" in error


class TestEqualCombinations:
    def test_a_value_given_twice_is_one_job(self, sweep: Sweep) -> None:
        first, second = sweep("seed=1", "seed=1")
        assert first.spec.key == second.spec.key

    def test_a_swept_key_that_no_job_reads_is_refused(self, sweep: Sweep, script: str) -> None:
        with pytest.raises(ConfigError, match=r"shots=100 and shots=200 make no difference") as refusal:
            sweep(f"{script} shots=100", f"{script} shots=200")
        assert "'+algorithm.hyperparameters.n_shots=${shots}'" in str(refusal.value)

    def test_a_script_reads_what_is_put_into_its_hyperparameters(self, sweep: Sweep, script: str) -> None:
        given = script + " +algorithm.hyperparameters.n_shots=${shots}"
        combinations = sweep(f"{given} shots=100", f"{given} shots=200")
        shots = [dict(combination.spec.hyperparameters) for combination in combinations]
        assert shots == [{"n_shots": "100"}, {"n_shots": "200"}]


class TestComposedConfig:
    @pytest.mark.parametrize("option", options("device"))
    def test_it_is_plain_json(self, sweep: Sweep, option: str) -> None:
        combination = sweep.one(f"device={option} +job.tags.team=quantum")
        assert json.loads(json.dumps(combination.config)) == combination.config
        assert json.loads(json.dumps(combination.choices)) == combination.choices

    def test_it_has_the_keys_of_the_schema_and_nothing_of_hydra(self, sweep: Sweep) -> None:
        assert set(sweep.one().config) == {field.name for field in fields(SweepConfig)}
        assert set(sweep.one().config["job"]) == {field.name for field in fields(JobLimits)}

    def test_interpolations_speak_of_the_job(self, sweep: Sweep) -> None:
        combinations = sweep("seed=${hydra:job.num}", "seed=${hydra:job.num} shots=5", first=7)
        assert [combination.config["seed"] for combination in combinations] == [7, 8]
        assert [combination.spec.hyperparameters["seed"] for combination in combinations] == ["7", "8"]

    def test_hydra_is_left_as_it_was(self, sweep: Sweep) -> None:
        before = HydraConfig.instance().cfg
        sweep.one("seed=${hydra:job.num}")
        with pytest.raises(ConfigError):
            sweep.one("seed=${nothing}")
        assert HydraConfig.instance().cfg is before

    def test_combinations_do_not_leak_into_each_other(self, sweep: Sweep) -> None:
        alone = sweep.one("seed=3")
        after_others = sweep("shots=7 optimizer.tol=1", "optimizer=spsa optimizer.a=9", "seed=3")[-1]
        assert after_others == alone

    def test_no_value_of_the_environment_is_in_it(
        self, sweep: Sweep, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
            monkeypatch.setenv(name, "canary")
        for device in options("device"):
            combination = sweep.one(f"device={device}")
            assert "canary" not in repr(combination)


class TestKey:
    @pytest.mark.parametrize(
        "overrides",
        [
            "shots=999",
            "seed=1",
            "max_iterations=61",
            "optimizer=spsa",
            "optimizer.tol=1e-5",
            "device=braket_sv",
            "device=sv1",
            "problem.bond_length=0.5",
            "algorithm.initial_point=hartree_fock",
            "algorithm.objective=value",
            "algorithm=qaoa_maxcut",
        ],
    )
    def test_it_changes_with_all_that_decides_the_outcome(self, sweep: Sweep, overrides: str) -> None:
        assert sweep.spec(overrides).key != sweep.spec().key

    @pytest.mark.parametrize(
        "overrides", ["+job.tags.team=quantum", "instance=ml_m5_xlarge", "job.max_runtime_seconds=60"]
    )
    def test_it_does_not_change_with_what_decides_nothing(self, sweep: Sweep, overrides: str) -> None:
        changed = sweep.spec(overrides)
        assert changed != sweep.spec()
        assert changed.key == sweep.spec().key

    def test_each_hyperparameter_and_file_counts(self, sweep: Sweep) -> None:
        spec = sweep.spec()
        for name in spec.hyperparameters:
            assert replace(spec, hyperparameters={**spec.hyperparameters, name: "x"}).key != spec.key
        assert replace(spec, input_files={"a": "b"}).key != spec.key
        assert replace(spec, entry_point="algorithms.qaoa_maxcut:main").key != spec.key

    def test_the_order_of_the_hyperparameters_does_not_count(self, sweep: Sweep) -> None:
        spec = sweep.spec()
        backwards = dict(reversed(spec.hyperparameters.items()))
        assert replace(spec, hyperparameters=backwards).key == spec.key

    def test_the_content_of_the_source_counts_and_its_place_does_not(
        self, sweep: Sweep, tmp_path: Path
    ) -> None:
        keys = []
        for place, code in (("a", "1"), ("b", "1"), ("c", "2")):
            (tmp_path / place).mkdir()
            path = tmp_path / place / "my_job.py"
            path.write_text(code)
            script = f"algorithm=script algorithm.source_module={path} algorithm.entry_point=my_job"
            keys.append(sweep.spec(script).key)
        assert keys[0] == keys[1] != keys[2]


def test_what_is_given_in_the_config_is_what_the_job_receives(sweep: Sweep) -> None:
    """Every option of every optimizer reaches the job, under its own name."""
    for method, schema in METHODS.items():
        hyperparameters = sweep.spec(SMALL_ENOUGH.get(method, f"optimizer={method}")).hyperparameters
        received = {name for name in hyperparameters if name.startswith("optimizer")}
        assert hyperparameters["optimizer"] == method
        # The step is that of finite differences, and stays here where the gradient is another.
        options = {f"optimizer.{field.name}" for field in fields(schema)} - {"optimizer.step"}
        assert received - {"optimizer.step"} == {"optimizer", *options}


def test_long_problems_travel_as_files(sweep: Sweep) -> None:
    spec = sweep.spec("algorithm=qaoa_maxcut problem=regular problem.n=400 device.qubits=400")
    assert spec.hyperparameters["edges"] == "@hyperparameters/edges"
    assert len(spec.input_files["edges"].split(",")) == 600


def test_tags_reach_the_job_and_not_its_hyperparameters(sweep: Sweep) -> None:
    spec = sweep.spec("+job.tags.team=quantum")
    assert spec.tags == {"team": "quantum"}
    assert "quantum" not in spec.hyperparameters.values()
