"""Small job scripts whose outcome in Braket's container is on record (`recorded.json`).

`scripts/record_container.py` runs each by Amazon's own container script; `test_conformance.py` runs each in
every place that this project has, and compares. What a script has to say it writes with `tell` as JSON into
its folder of results.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SEEN = "seen.json"

_TELL = """
import json as _json, os as _os

def tell(**seen):
    path = _os.path.join(_os.environ["AMZN_BRAKET_JOB_RESULTS_DIR"], "seen.json")
    known = _json.load(open(path)) if _os.path.exists(path) else {}
    with open(path, "w") as file:
        _json.dump({**known, **seen}, file)
"""

_BINDING = """
import enum, functools, json, pathlib, typing
from typing import Annotated, Any, Callable, Dict, List, Literal, Optional, Sequence, Tuple, Union
from study.telling import tell

def _values(**values):
    tell(values={name: [type(value).__name__, repr(value)] for name, value in values.items()})

def casts_int(x: int): _values(x=x)
def casts_float(x: float): _values(x=x)
def casts_str(x: str): _values(x=x)
def casts_complex(x: complex): _values(x=x)
def casts_bool(x: bool): _values(x=x)
def casts_list(x: list): _values(x=x)
def casts_list_of_int(x: list[int]): _values(x=x)
def casts_typing_list(x: List[int]): _values(x=x)
def casts_bare_typing_list(x: List): _values(x=x)
def casts_tuple(x: tuple[int, ...]): _values(x=x)
def casts_set(x: set): tell(kind=type(x).__name__, values=sorted(x))
def casts_dict(x: dict): _values(x=x)
def casts_bytes(x: bytes): _values(x=x)
def casts_object(x: object): _values(x=x)
def casts_type(x: type): _values(x=x)
def casts_optional(x: Optional[int]): _values(x=x)
def casts_union(x: int | None): _values(x=x)
def casts_typing_union(x: Union[int, str]): _values(x=x)
def casts_none(x: None): _values(x=x)
def casts_any(x: Any): _values(x=x)
def casts_literal(x: Literal["1"]): _values(x=x)
def casts_sequence(x: Sequence[int]): _values(x=x)
def casts_callable_type(x: Callable[[], int]): _values(x=x)
def casts_annotated(x: Annotated[int, "layers"]): _values(x=x)
def casts_quoted(x: "int"): _values(x=x)
def casts_by_a_function(x: json.loads): _values(x=x)
def casts_by_a_lambda(x: lambda text: int(text) * 2): _values(x=x)
def casts_path(x: pathlib.PurePosixPath): _values(x=x)
class Colour(enum.Enum):
    RED = "red"
def casts_enum(x: Colour): _values(x=x)
def casts_cwd(x: lambda text: __import__("os").path.isdir("study")): _values(x=x)
def raises_in_cast(x: lambda text: [][0]): _values(x=x)
def no_annotation(x): _values(x=x)
def has_default(x: int = 7): _values(x=x)
def has_two_defaults(x: int = 7, y: float = 0.5): _values(x=x, y=y)
def needs_two(x: int, y: float): _values(x=x, y=y)
def keyword_only(*, x: int): _values(x=x)
def keyword_only_default(*, x: int = 3): _values(x=x)
def positional_only(x: int, /): _values(x=x)
def positional_only_default(x: int = 3, /): _values(x=x)
def starred(*args: int): _values(args=args)
def takes_more(x: int = 1, **more): _values(x=x, more=more)
def takes_more_annotated(x: int = 1, **more: int): _values(x=x, more=more)
def takes_only_more(**more): _values(more=more)
def takes_args_and_more(*args: float, **more: int): _values(args=args, more=more)
def returns_annotated(**more) -> int: _values(more=more)
def nothing(): tell(called=True)
def returns_a_number(): tell(called=True); return 3
def wrapped_in(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper
@wrapped_in
def wrapped(x: int): _values(x=x)
@wrapped_in
def wrapped_default(x: int = 2): _values(x=x)
partial = functools.partial(has_two_defaults, y=1.5)
class Job:
    def __init__(self, x: int = 5): _values(x=x)
class Holder:
    def __call__(self, x: int): _values(x=x)
    def method(self, x: int = 4): _values(x=x)
called = Holder()
method = Holder().method
number = 3
text = "not a function"
builtin = dict
async def coroutine(): tell(called=True)
def generator(): tell(called=True); yield
"""

_POSTPONED = """
from __future__ import annotations
from typing import Optional
from study.telling import tell

def annotated(x: int): tell(x=repr(x))
def optional(x: Optional[int] = None): tell(x=repr(x))
def not_annotated(x): tell(x=repr(x))
def nothing(): tell(called=True)
"""

_ENDS = """
import atexit, os, signal, sys, threading, time
from study.telling import tell

def raises(): raise RuntimeError("the circuit is too deep")
def raises_empty(): raise ValueError()
def raises_blank(): raise ValueError("  ")
def raises_lines(): raise ValueError("one\\ntwo ψ")
def raises_key(): {}["missing"]
def asserts(): assert False
class Own(Exception):
    pass
def raises_own(): raise Own("mine", 3)
class Unprintable(Exception):
    def __str__(self): raise RuntimeError("no text")
def raises_unprintable(): raise Unprintable()
class Base(BaseException):
    pass
def raises_base(): raise Base("not an Exception")
def interrupted(): raise KeyboardInterrupt
def raises_group(): raise ExceptionGroup("two", [ValueError("a"), TypeError("b")])
def stops_iteration(): next(iter([]))
def exits(): sys.exit()
def exits_zero(): tell(called=True); sys.exit(0)
def exits_none(): sys.exit(None)
def exits_three(): sys.exit(3)
def exits_large(): sys.exit(259)
def exits_negative(): sys.exit(-1)
def exits_true(): sys.exit(True)
def exits_text(): sys.exit("no such angle")
def exits_float(): sys.exit(0.0)
def exits_empty_text(): sys.exit("")
def leaves_at_once(): os._exit(7)
def leaves_at_once_well(): tell(called=True); os._exit(0)
def killed(): os.kill(os.getpid(), signal.SIGKILL)
def terminated(): os.kill(os.getpid(), signal.SIGTERM)
def aborts(): os.abort()
def waits_for_its_threads():
    def late():
        time.sleep(0.1)
        tell(late=True)
    threading.Thread(target=late).start()
def raises_with_a_thread():
    waits_for_its_threads()
    raise RuntimeError("after it began a thread")
def thread_raises():
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
def import_inside(): import no_such_library
def circular(): raise SystemExit from ValueError("hidden")
def registers_atexit():
    atexit.register(tell, at_exit=True)
    tell(called=True)
"""

_PLACE = """
import multiprocessing, os, sys, threading
from study.telling import tell

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_AT_IMPORT = {"pid": os.getpid(), "cwd": os.getcwd(), "source_seen": os.path.exists("study")}

def cwd():
    tell(
        at_import_source_seen=_AT_IMPORT["source_seen"],
        source_seen=os.path.exists("study/place.py"),
        moved=_AT_IMPORT["cwd"] != os.getcwd(),
    )
def name(): tell(name=__name__, main_is_this=sys.modules["__main__"].__dict__ is globals())
def argv(): tell(count=len(sys.argv))
def argv_names_entry_point(): tell(named=sys.argv[0] == os.environ["AMZN_BRAKET_SCRIPT_ENTRY_POINT"])
def path():
    site = [i for i, entry in enumerate(sys.path) if entry.endswith(("site-packages", "dist-packages"))]
    standard = sys.path.index(os.path.dirname(os.__file__))
    places = [i for i, entry in enumerate(sys.path) if os.path.exists(entry + "/study/place.py")]
    tell(count=len(places), after_installed=places[0] > max(site), after_standard=places[0] > standard)
def cwd_on_path(): tell(listed="" in sys.path or "." in sys.path)
def stdin(): tell(text=sys.stdin.read())
def same_process(): tell(same=_AT_IMPORT["pid"] == os.getpid())
def multiprocessing_parent(): tell(child=multiprocessing.parent_process() is not None)
def thread_of_import(): tell(alive=_THREAD.is_alive())
_EVENT = threading.Event()
_THREAD = threading.Thread(target=_EVENT.wait, args=(60,), daemon=True)
_THREAD.start()
def hyperparameters():
    import json
    tell(known=json.load(open(os.environ["AMZN_BRAKET_HP_FILE"])))
def main_thread(): tell(main=threading.current_thread() is threading.main_thread())
def pickles_its_class():
    import pickle
    tell(same=pickle.loads(pickle.dumps(Record)) is Record)
class Record:
    pass
def _double(x): return 2 * x
def _pooled(method):
    with multiprocessing.get_context(method).Pool(1) as pool:
        tell(doubled=pool.map(_double, [4]))
def pool_of_forks(): _pooled("fork")
def pool_of_spawned(): _pooled("spawn")
"""

_SCRIPT = """
import os, pickle, sys
from study.telling import tell

class Record:
    pass

try:
    pickled = pickle.loads(pickle.dumps(Record)) is Record
except Exception as error:
    pickled = type(error).__name__
tell(
    name=__name__, package=__package__, spec=__spec__.name, argv=len(sys.argv), pickled=pickled,
    main_is_this=sys.modules["__main__"].__dict__ is globals(),
    listed=sys.modules.get("study.script") is not None,
    source_seen=os.path.exists("study/script.py"),
)
if __name__ == "__main__":
    tell(main=True)
"""

STUDY: Mapping[str, str] = {
    "study/__init__.py": "",
    "study/__main__.py": "from study.telling import tell\ntell(name=__name__, package=__package__)\n",
    "study/telling.py": _TELL,
    "study/binding.py": _BINDING,
    "study/postponed.py": _POSTPONED,
    "study/ends.py": _ENDS,
    "study/place.py": _PLACE,
    "study/script.py": _SCRIPT,
    "study/raising_script.py": "raise ValueError('in the script')\n",
    "study/exiting_script.py": "import sys\nsys.exit('no such angle')\n",
    "study/broken.py": "raise RuntimeError('while it is imported')\ndef main(): pass\n",
    "study/wrong.py": "def main(:\n",
    "study/lacks.py": "import no_such_library\ndef main(): pass\n",
    "study/leaves.py": "import sys\nsys.exit(0)\ndef main(): pass\n",
    "study/leaves_three.py": "import sys\nsys.exit(3)\ndef main(): pass\n",
    "study/at_exit.py": (
        "import atexit\nfrom study.telling import tell\natexit.register(tell, at_exit=True)\n"
        "def main(): tell(called=True)\n"
    ),
    "study/inner/__init__.py": "from .deep import main\n",
    "study/inner/deep.py": (
        "from ..telling import tell\ndef main(x: int = 1): tell(x=x, module=__name__, package=__package__)\n"
    ),
    "study/data.txt": "beside the source",
    "study/reads.py": (
        "from study.telling import tell\ndef main(): tell(text=open('study/data.txt').read())\n"
    ),
    "study/reads_at_import.py": "TEXT = open('study/data.txt').read()\ndef main(): pass\n",
}

SINGLE: Mapping[str, str] = {
    "single.py": _TELL
    + "\nimport sys\n"
    + "def main(x: int = 1): tell(x=x, name=__name__)\n"
    + "if __name__ == '__main__': tell(script=True, argv=len(sys.argv))\n"
}
"""A source that is one file."""

NAMESAKE: Mapping[str, str] = {"random.py": _TELL + "\ndef main(): tell(mine=True)\n"}
"""A source called like a module of the standard library."""

INSTALLED: Mapping[str, str] = {"six.py": _TELL + "\ndef main(): tell(mine=True)\n"}
"""A source called like a package that is installed."""

X = {"x": "4"}


@dataclass(frozen=True)
class Case:
    """A job script and how it is called."""

    name: str
    entry_point: str
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    source: Mapping[str, str] = field(default_factory=lambda: STUDY)


@dataclass(frozen=True)
class Outcome:
    """What came of a case.

    Attributes:
        exit_code: Of the container, modulo 256: 247 if the job was ended by signal 9.
        failure: The text in the failure file; none if there is no such file.
        seen: What the script told.
    """

    exit_code: int
    failure: str | None
    seen: Mapping[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        return {"exit_code": self.exit_code, "failure": self.failure, "seen": self.seen}


def outcome_of(exit_code: int, failure: Path, results: Path) -> Outcome:
    """The outcome that is found in these places."""
    seen = results / SEEN
    return Outcome(
        exit_code & 0xFF,
        failure.read_text(encoding="utf-8") if failure.is_file() else None,
        json.loads(seen.read_text(encoding="utf-8")) if seen.is_file() else None,
    )


def _functions(module: str, names: str, hyperparameters: Mapping[str, str]) -> list[Case]:
    return [Case(f"{module}.{name}", f"study.{module}:{name}", hyperparameters) for name in names.split()]


CASES = [
    *_functions(
        "binding",
        "casts_int casts_float casts_str casts_complex casts_bool casts_list casts_list_of_int "
        "casts_typing_list casts_bare_typing_list casts_tuple casts_set casts_dict casts_bytes casts_object "
        "casts_type casts_optional casts_union casts_typing_union casts_none casts_any casts_sequence "
        "casts_callable_type casts_annotated casts_quoted casts_by_a_function casts_by_a_lambda casts_path "
        "casts_cwd raises_in_cast no_annotation has_default has_two_defaults needs_two keyword_only "
        "keyword_only_default positional_only positional_only_default starred "
        "takes_more takes_more_annotated takes_only_more takes_args_and_more returns_annotated nothing "
        "returns_a_number wrapped wrapped_default partial Job called method number text builtin coroutine "
        "generator missing",
        X,
    ),
    Case("binding.literal", "study.binding:casts_literal", {"x": "1"}),
    Case("binding.bool_of_false", "study.binding:casts_bool", {"x": "False"}),
    Case("binding.int_of_text", "study.binding:casts_int", {"x": "four"}),
    Case("binding.int_of_float", "study.binding:casts_int", {"x": "1e3"}),
    Case("binding.int_of_spaces", "study.binding:casts_int", {"x": " 4 "}),
    Case("binding.float_of_nan", "study.binding:casts_float", {"x": "nan"}),
    Case("binding.list_of_json", "study.binding:casts_list_of_int", {"x": "[1, 2]"}),
    Case("binding.dict_of_json", "study.binding:casts_dict", {"x": '{"a": 1}'}),
    Case("binding.json_of_list", "study.binding:casts_by_a_function", {"x": "[1, 2]"}),
    Case("binding.enum_by_value", "study.binding:casts_enum", {"x": "red"}),
    Case("binding.enum_by_name", "study.binding:casts_enum", {"x": "RED"}),
    Case("binding.optional_left_out", "study.binding:casts_optional"),
    Case("binding.default_left_out", "study.binding:has_default"),
    Case("binding.one_of_two", "study.binding:has_two_defaults", {"y": "2"}),
    Case("binding.both", "study.binding:needs_two", {"x": "4", "y": "2"}),
    Case("binding.extra_key", "study.binding:has_default", {"x": "4", "seed": "1"}),
    Case("binding.extra_key_of_needed", "study.binding:casts_int", {"x": "4", "seed": "1"}),
    Case("binding.more_keys", "study.binding:takes_more", {"x": "4", "y": "2", "z": "a"}),
    Case("binding.more_keys_annotated", "study.binding:takes_more_annotated", {"x": "4", "y": "2.5"}),
    Case("binding.key_called_like_more", "study.binding:takes_more_annotated", {"x": "4", "more": "2"}),
    Case("binding.key_called_like_args", "study.binding:takes_args_and_more", {"args": "2"}),
    Case("binding.key_called_return", "study.binding:returns_annotated", {"return": "5"}),
    Case("binding.key_with_a_dot", "study.binding:takes_only_more", {"a.b": "5"}),
    Case("binding.key_with_a_dot_extra", "study.binding:has_default", {"x": "4", "a.b": "5"}),
    Case("binding.no_hyperparameters_needed", "study.binding:casts_int"),
    Case("binding.no_hyperparameters", "study.binding:nothing"),
    Case("binding.no_hyperparameters_number", "study.binding:number"),
    Case("binding.text_with_lines", "study.binding:casts_str", {"x": "ψ = |0⟩\nand more"}),
    *_functions("postponed", "annotated optional not_annotated nothing", X),
    Case("postponed.left_out", "study.postponed:optional"),
    *_functions(
        "ends",
        "raises raises_empty raises_blank raises_lines raises_key asserts raises_own raises_unprintable "
        "raises_base interrupted raises_group stops_iteration exits exits_zero exits_none exits_three "
        "exits_large exits_negative exits_true exits_text exits_float exits_empty_text leaves_at_once "
        "leaves_at_once_well killed terminated aborts waits_for_its_threads raises_with_a_thread "
        "thread_raises import_inside circular registers_atexit",
        {},
    ),
    *_functions(
        "place",
        "cwd name argv argv_names_entry_point path cwd_on_path stdin same_process multiprocessing_parent "
        "thread_of_import hyperparameters main_thread pickles_its_class "
        "pool_of_forks pool_of_spawned",
        {"x": "4", "text": "ψ"},
    ),
    Case("module.script", "study.script", X),
    Case("module.package", "study", X),
    Case("module.raises", "study.raising_script"),
    Case("module.exits", "study.exiting_script"),
    Case("module.missing", "study.no_such_module"),
    Case("module.single", "single", X, SINGLE),
    Case("module.namesake", "random", X, NAMESAKE),
    Case("function.single", "single:main", X, SINGLE),
    Case("function.inner", "study.inner:main", X),
    Case("function.deep", "study.inner.deep:main", X),
    Case("function.attribute_of_attribute", "study.binding:Job.__init__"),
    Case("function.none_named", "study.binding:"),
    Case("function.no_such_module", "study.no_such_module:main"),
    Case("function.namesake", "random:main", {}, NAMESAKE),
    Case("function.installed_namesake", "six:main", {}, INSTALLED),
    Case("import.raises", "study.broken:main"),
    Case("import.syntax_error", "study.wrong:main"),
    Case("import.lacks_a_library", "study.lacks:main"),
    Case("import.leaves", "study.leaves:main"),
    Case("import.leaves_with_three", "study.leaves_three:main"),
    Case("import.reads_beside_the_source", "study.reads_at_import:main"),
    Case("import.registers_atexit", "study.at_exit:main"),
    Case("files.reads_beside_the_source", "study.reads:main"),
]
