"""A word that is no command and no setting, or a setting that cannot be, gets a sentence that helps."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from sweeper import executors
from sweeper.cli import SUBCOMMANDS
from sweeper.cli.command_line import FLAGS, WITH_OPTIONAL_VALUE, WITH_VALUE
from sweeper.compose import vocabulary, yaml_files

from .conftest import Typed, type_in

# What is typed, and what must be in the one message; all that is in it must work when it is typed.
REFUSED = [
    ("tabel", "did you mean sweeper table?"),
    ("reprot outputs", "did you mean sweeper report?"),
    ("list", "There is no command 'list'", "sweeper status DIR"),
    ("finish outputs", "sweeper resume DIR", "sweeper cancel DIR"),
    ("init", "nothing has to be prepared"),
    ("explain", "sweeper --cfg job"),
    ("script my_job.py", "algorithm=script algorithm.source_module=my_job.py"),
    ("run", "none is needed"),
    ("run shots=5", "none is needed"),
    ("sweep", "sweeper -m"),
    ("plan list", "There is no command 'list'"),
    ("shots=5 table outputs", "table comes first"),
    ("my_job.py", "algorithm.source_module=my_job.py algorithm.entry_point=my_job:main"),
    ("conf/experiment/mine.yaml", "+experiment=mine"),
    ("xyzzy", "neither a command nor a setting", "KEY=VALUE"),
    ("--shots 1000", "sweeper shots=1000"),
    ("--shots=1000", "sweeper shots=1000"),
    ("--max-iterations 5", "max_iterations=5"),
    ("--n-shots 5", "sweeper shots=5"),
    ("-shots=100", "sweeper shots=100"),
    ("--optimizer spsa", "sweeper optimizer=spsa"),
    ("--foo", "There is no option --foo; sweeper --help"),
    ("--multrun seed=1,2", "did you mean --multirun?"),
    ("--dry-run", "sweeper plan"),
    ("-j 4", "hydra.launcher.n_jobs=N"),
    ("--table outputs", "it is a command: sweeper table"),
    ("--cfg", "--cfg job"),
    ("--cfg jobs", "job, hydra or all"),
    ("--resolve", "--cfg job"),
    ("--config-name", "--config-name NAME"),
    ("--config-name nope", "conf/nope.yaml"),
    ("--config-dir nope", "not found"),
    ("--config-path conf", "--config-dir DIR"),
    ("--experimental-rerun outputs", "sweeper resume DIR"),
    ("shots 1000", "shots=1000"),
    ("shots:1000", "shots=1000"),
    ("shots: 1000", "shots=1000"),
    ("shots = 5", "shots=5"),
    ("shots =5", "shots=5"),
    ("shots= 5", "shots=5"),
    ("optimizer", "optimizer needs an option", "cobyla"),
    ("optimizer spsa", "optimizer=spsa"),
    ("spsa", "spsa is an option of optimizer: optimizer=spsa"),
    ("h2_dissociation", "+experiment=h2_dissociation"),
    ("-m optimizer=spsa, cobyla seed=1,2", "optimizer=spsa,cobyla"),
    ("-m optimizer=spsa ,cobyla", "optimizer=spsa,cobyla"),
    ("=5", "the key is missing"),
    ("+=5", "the key is missing"),
    ("=", "stands alone"),
    ("shots==5", "shots=5"),
    ("'shots>=5'", "shots=5", "--where"),
    ("''", "An argument is empty"),
    ("'sh ots=5'", "a key is made of letters"),
    ("-m seed=0..9", "'seed=range(0,10)'"),
    ("-m seed=0-9", "'seed=range(0,10)'"),
    ("-m seed=[0,1,2]", "seed=0,1,2"),
    ("-m 'seed=0 1 2'", "seed=0,1,2"),
    ("shots=1e3", "shots=1000"),
    ("shots=1k", "shots=1000"),
    ("shots=1000.0", "shots=1000"),
    ("shots=1e15", "whole number", "beyond"),
    ("shots=1000000000000000", "shots=1000000000000000", "1000000000"),
    ("shots=1.5", "whole number"),
    ("shots=", "a value is missing"),
    ("shots=many", "whole number"),
    ("shots=null", "cannot be null"),
    ("job=null", "cannot be null"),
    ("optimizer=null", "there are adam, cobyla"),
    ("optimizer=3", "there are adam, cobyla"),
    ("optimizer=", "there are adam, cobyla"),
    ("~optimizer", "optimizer has no value"),
    ("optimizer=COBYLA", "did you mean optimizer=cobyla?"),
    ("optimizer=nelder-mead", "did you mean optimizer=nelder_mead?"),
    ("optimizer=bfgs", "did you mean optimizer=l_bfgs_b?"),
    ("optimizer=h2", "problem=h2"),
    ("optimiser=spsa", "did you mean optimizer=spsa?"),
    ("device=simulator", "did you mean device=local?"),
    ("algorithm=qaoa", "did you mean algorithm=qaoa_maxcut?"),
    ("experiment=showcase", "+experiment=showcase"),
    ("+experiment=showcse", "did you mean experiment=showcase?"),
    ("+optimizer=spsa", "leave out the '+'"),
    ("++optimizer=spsa", "optimizer=spsa"),
    ("+shots=3", "as in shots=3"),
    ("lr=0.1", "optimizer.learning_rate (with optimizer=adam or optimizer=gradient_descent)"),
    ("optimizer=adam optimizer.lr=0.1", "did you mean optimizer.learning_rate?"),
    ("+optimizer.lr=0.1", "optimizer.learning_rate (with"),
    ("++optimizer.lr=0.1", "optimizer.learning_rate (with"),
    ("p=2", "algorithm.depth (with algorithm=qaoa_maxcut)"),
    ("algorithm.reps=2", "algorithm.layers"),
    ("num_layers=2", "algorithm.layers"),
    ("max_iter=4", "did you mean max_iterations?"),
    ("optimizer.maxiter=4", "did you mean max_iterations?"),
    ("n_shots=5", "did you mean shots"),
    ("bond_length=1", "did you mean problem.bond_length"),
    ("problem.bond_lenght=1", "did you mean problem.bond_length"),
    ("algorithm=qaoa_maxcut problem.nodes=4", "did you mean problem.n"),
    ("n_jobs=2", "hydra.launcher.n_jobs"),
    ("launcher=braket_aws", "hydra/launcher=braket_aws"),
    ("launcher.n_jobs=2", "hydra.launcher.n_jobs"),
    ("hydra.launcher=braket_aws", "hydra/launcher=braket_aws"),
    ("hydra/launcher.n_jobs=2", "hydra.launcher.n_jobs=2"),
    ("hydra.launcher.njobs=2", "hydra.launcher.n_jobs"),
    ("hydra/launcher=aws", "braket_aws"),
    ("hydra/launcher=basic", "cannot run hybrid jobs", "braket_local"),
    ("hydra/launcher=joblib", "cannot run hybrid jobs", "braket_local"),
    ("plan -m seed=1,2 hydra/launcher=submitit_local", "cannot run hybrid jobs"),
    ("-m hydra/launcher=braket_local,braket_aws", "one launcher"),
    ("-m hydra.sweep.dir=a,b", "give one value"),
    ("hydra.mode=RUN", "bypasses the launcher"),
    ("algorithm=script algorithm.hyperparameters.x=3", "+algorithm.hyperparameters.x=3"),
    ("job.tags.team=a", "+job.tags.team=a"),
    ("-m 'optimizer.rhobeg=interval(0.05,1)'", "hydra/sweeper=optuna", "range("),
    ("-m 'seed=range(0)'", "seed=range(0) has no values"),
    ("-m 'seed=range(5,1)'", "has no values"),
    ("-m 'seed=choice()'", "nothing to run"),
    ("-m 'seed=range(1,2,0)'", "cannot be counted out"),
    ("-m 'optimizer=glob(zz*)'", "has no values"),
    ("-m 'seed=range(1e12)'", "a sweep takes 100000 at most"),
    ("-m 'seed=shuffle(range(1e12))'", "a sweep takes 100000 at most"),
    ("-m 'seed=range(2000)' 'shots=range(1,2000)'", "a sweep takes 100000 at most"),
    ("-m 'seed=rnage(3)'", "Did you mean range(…)?"),
    ("-m seed=1,,2", "a value is missing beside a comma"),
    (
        """'+job.input_data={"a": b.csv, "c": "d e"}'""",
        "without quotes",
        """'+job.input_data={a: b.csv, c: "d e"}'""",
    ),
    ("'problem.path=C:/my graphs/g (1).txt'", "quoted twice", '"C:/my graphs/g (1).txt"'),
    ("'problem.path=[a'", "a bracket is not closed"),
    ("""problem.path="'a" """, "a quote is not closed"),
    ("seed='${shts}'", "Did you mean ${shots}?"),
    ("seed='${shots}' shots='${seed}'", "refers to itself"),
    ("seed='${nobodys:1}'", "there is no resolver 'nobodys'", "conf/resolvers.py"),
    ("~stop.patieience", "did you mean ~stop.patience?"),
    ("report=fales", "report must be true or false"),
    ("seed='${shots' ", "bracket"),
    ("warmumup.iterations=3", "did you mean warmup.iterations", "The keys are: algorithm"),
    ("optimizer.foo.bar=1", "The keys of optimizer=cobyla are: rhobeg"),
    ("job.tagz.a=1", "The keys of job are: max_runtime_seconds"),
    ("hydra/sweeper=optuna", "pip install hydra-optuna-sweeper"),
    ("hydra.launcher._target_=os.system", "os.system cannot run hybrid jobs"),
    ("hydra.sweep.dir=", "hydra.sweep.dir is empty"),
    ("hydra.sweep.dir='~/sweeps/one'", "type hydra.sweep.dir=/", "/sweeps/one"),
    ("""'hydra.sweep.dir="~/sweeps/one"'""", "type hydra.sweep.dir=/", "/sweeps/one"),
    ("problem=pauli problem.path='~/h.yaml'", "type problem.path=/", "/h.yaml"),
    ("optimizer=[cobyla,spsa]", "list them without brackets: optimizer=cobyla,spsa"),
    ("-m 'problem=[h2, pauli]'", "list them without brackets: problem=h2,pauli"),
    ("-m 'seed={1, 2}'", "without brackets: seed=1,2"),
    ("-m 'optimizer=(spsa,adam)'", "without brackets: optimizer=spsa,adam"),
    ("-m 'shots=10;20'", "with commas and without brackets: shots=10,20"),
    ("~optimizer.rhobeg", "leave ~optimizer.rhobeg out"),
    ("hydra/sweeper/n_trials=2", "hydra/sweeper=NAME", "hydra.sweeper.n_trials=2"),
    ("hydra.sweep.dir='${nope}'", "'nope' is not found"),
    ("'algorithm={depth: 2}'", "algorithm.depth", "with algorithm=qaoa_maxcut"),
    ("algorithm=script 'algorithm.hyperparameters={a: 1}'", "+algorithm.hyperparameters.a"),
    ("hydra.launcher.n_jobs=0", "hydra.launcher.n_jobs=0"),
    ("hydra.launcher.n_jobs=1000000", "cores"),
    ("hydra.launcher.n_jobs=1.5", "whole number"),
    ("hydra.launcher.memory_gib=inf", "finite"),
    ("hydra.launcher.memory_gib=nan", "finite"),
    ("hydra.launcher.memory_gib=-1", "above 0"),
    ("hydra.launcher.memory_gib=1e-12", "too little to start"),
    ("hydra.launcher.memory_gib=0.1", "hydra.launcher.memory_gib=0.1 is too little to start"),
    ("hydra/launcher=braket_aws hydra.launcher.poll_seconds=nan", "finite"),
    ("job.max_runtime_seconds=1e9", "whole number"),
    ("-m hydra.sweeper.max_batch_size=0 seed=1,2", "max_batch_size=0"),
]


@pytest.mark.parametrize(("line", "words"), [(line, words) for line, *words in REFUSED])
def test_it_is_refused_in_one_message_that_helps_and_leaves_nothing(
    typed: Typed, line: str, words: list[str]
) -> None:
    typed(*shlex.split(line)).refuses(*words)


def test_help_and_version_have_a_word_each(typed: Typed) -> None:
    assert typed("version").shown == typed("--version").shown == typed("-V").shown
    assert typed("version").shown.startswith("braket-sweeper ")
    assert "sweeper table DIR" in typed("help").shown
    assert "--sort" in typed("help", "table").shown


def test_a_verbs_options_are_asked_after(typed: Typed) -> None:
    answer = typed("table", "outputs", "--srot", "x")
    assert answer.code == 2
    assert "did you mean --sort?" in answer.said
    assert typed("table").code == 2


def test_hydras_options_are_those_that_are_known() -> None:
    from hydra._internal.utils import get_args_parser

    theirs = {name: action.nargs for action in get_args_parser()._actions for name in action.option_strings}
    assert {name for name, nargs in theirs.items() if nargs == 0} == set(FLAGS)
    assert {name for name, nargs in theirs.items() if nargs is None} == set(WITH_VALUE)
    assert {name for name, nargs in theirs.items() if nargs == "?"} == set(WITH_OPTIONAL_VALUE)


@pytest.mark.parametrize(
    "line",
    [
        "-m --cfg job",
        "--cfg=job -p optimizer",
        "--cf job --resolve",
        "-c hydra",
        "--info searchpath",
        "-i defaults",
        "--cfg job -- shots=5",
        "--cfg job --run",
        "--cfg job ~shots",
    ],
)
def test_what_only_shows_something_still_does(typed: Typed, line: str) -> None:
    answer = typed(*line.split())
    assert answer.code == 0, answer
    assert answer.shown
    assert not answer.left


@pytest.mark.parametrize("line", ["plan seed=1,2", "plan -m seed=1,2", "plan --multirun seed=1,2"])
def test_a_forgotten_m_makes_no_difference(typed: Typed, line: str) -> None:
    answer = typed(*line.split())
    assert answer.code == 0
    assert "2 jobs" in answer.said


class TestFolders:
    def test_a_refused_command_removes_no_folder_that_it_has_not_made(self, tmp_path: Path) -> None:
        (tmp_path / "mine").mkdir()
        type_in(tmp_path / "mine", ("shots=-1", "hydra.sweep.dir=.")).refuses("shots=-1")
        type_in(tmp_path, ("shots=-1", "hydra.sweep.dir=mine")).refuses("shots=-1")
        type_in(tmp_path, ("shots=-1", "hydra.sweep.dir=mine/a/b")).refuses("shots=-1")
        assert (tmp_path / "mine").is_dir()

    def test_a_refused_command_touches_nothing_in_a_sweeps_folder(self, typed: Typed, tmp_path: Path) -> None:
        files = {"out/multirun.yaml": "mine", "out/notes.txt": "mine too"}
        typed("shots=-1", "hydra.sweep.dir=out", files=files).refuses("shots=-1")
        assert (tmp_path / "out/multirun.yaml").read_text() == "mine"

    def test_a_plan_leaves_nothing(self, typed: Typed) -> None:
        assert not typed("plan", "seed=1,2").left

    def test_a_directory_that_is_gone(self, tmp_path: Path) -> None:
        import os
        import subprocess
        import sys

        gone = tmp_path / "gone"
        gone.mkdir()
        done = subprocess.run(
            ["sh", "-c", f"rmdir {gone} && exec {sys.executable} -m sweeper shots=5"],
            cwd=gone,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "current directory" in done.stderr


def test_every_word_of_the_vocabulary_means_something_that_exists() -> None:
    names = {key.rpartition(".")[2] for key in iter(vocabulary.keys())}
    assert all(names.issuperset(meant) for meant in vocabulary.KEYS.values())
    groups = ("algorithm", "problem", "device", "optimizer", "instance")
    options = {option for group in groups for option in yaml_files.options_of(group)} | {
        *vocabulary.LAUNCHERS
    }
    assert all(options.issuperset(meant) for meant in vocabulary.OPTIONS.values())
    assert all(vocabulary.plain(word) == word for word in vocabulary.OPTIONS)
    assert set(vocabulary.LAUNCHERS) == set(executors._EXECUTORS)


def test_every_verb_in_a_message_exists() -> None:
    from sweeper.cli import command_line

    said = " ".join([*command_line._INSTEAD.values(), *command_line._OPTIONS_INSTEAD.values()])
    verbs = {after.split()[0] for after in said.split("sweeper ")[1:]}
    named = {verb for verb in verbs if verb.isalpha()}
    assert named <= {*SUBCOMMANDS, "plan"}
