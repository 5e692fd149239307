"""Run the long campaigns, and write their figures into docs/: `make drill`, or some of them by name.

python -m drill                      # all
python -m drill coverage commands    # these
"""

from __future__ import annotations

import argparse
from pathlib import Path

from . import commands, coverage, kills, properties

CAMPAIGNS = {
    "commands": commands.run,
    "coverage": coverage.run,
    "properties": properties.run,
    "kills": kills.run,
}
EVIDENCE = Path("outputs") / "drill"
"""Where campaigns keep what they have seen."""


def main() -> None:
    """Run what is named, or all."""
    parser = argparse.ArgumentParser(
        prog="python -m drill", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("campaigns", nargs="*", metavar="campaign", help=", ".join(CAMPAIGNS))
    names = parser.parse_args().campaigns or list(CAMPAIGNS)
    if unknown := sorted(set(names) - set(CAMPAIGNS)):
        parser.error(f"there is no campaign {', '.join(unknown)}: choose from {', '.join(CAMPAIGNS)}")
    EVIDENCE.mkdir(parents=True, exist_ok=True)
    for name in names:
        print(f"== {name}", flush=True)
        CAMPAIGNS[name](EVIDENCE)


if __name__ == "__main__":
    main()
