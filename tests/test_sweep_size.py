"""A sweep that nobody can run is refused before its combinations are made."""

from __future__ import annotations

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from sweeper.compose.combinations import expand
from sweeper.compose.sweep_size import refuse_too_many
from sweeper.errors import ConfigError

from .conftest import Command

VALUES = st.one_of(
    st.integers(-5, 5).map(str),
    st.lists(st.integers(-5, 5).map(str), min_size=2, max_size=4).map(",".join),
    st.tuples(st.integers(-5, 5), st.integers(-5, 9), st.sampled_from(["1", "2", "0.3"])).map(
        lambda r: f"range({r[0]},{r[1]},{r[2]})"
    ),
    st.tuples(st.integers(-5, 5), st.integers(-5, 5)).map(lambda r: f"range({r[0]},{r[1]},-2)"),
    st.integers(0, 4).map("range({})".format),
    st.sampled_from(["shuffle(range(3))", "choice(a,b)", "[1,2]", "{a:1}", "'a,b'", "sort(3,2,1)"]),
)


@given(st.dictionaries(st.sampled_from(["a", "b.c", "+d"]), VALUES))
def test_the_combinations_are_counted_as_they_are_made(values: dict[str, str]) -> None:
    words = [f"{key}={value}" for key, value in values.items()]
    overrides = OverridesParser.create().parse_overrides(words)
    try:
        made = expand([], overrides)
    except ConfigError:  # a key without values
        made = []
    refuse_too_many(overrides, len(made))
    with pytest.raises(ConfigError, match=f"These are {len(made)} combinations"):
        refuse_too_many(overrides, len(made) - 1)


def test_a_huge_range_is_refused_at_once(sweeper: Command) -> None:
    done = sweeper("-m", "seed=range(1000000000)", "shots=100,200", "hydra.sweep.dir=out", expect=1)
    assert "2000000000 combinations (1000000000 of seed × 2 of shots)" in done.stderr
