"""``python -m benchmarks.scale [--quick] [--write]``: stores, kills, a cluster."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from .page import cluster, kills, page, store

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "benchmarks-scale.md"
#: A module that prints its outcome as JSON, its arguments for the page, those of a quick run, and what tells of it.
RUNS = (
    ("overhead", ("10000", "1000"), ("300", "20"), store),
    ("kills", ("50",), ("3",), kills),
    ("cluster", ("4000000", "10000", "3"), ("2000", "50", "1"), cluster),
)


def main(arguments: list[str] | None = None) -> None:
    """Run, print, and write the page where asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that everything runs")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks-scale.md")
    options = parser.parse_args(arguments)
    if options.quick and options.write:
        parser.error("--write needs the full run; leave out --quick.")
    sections = []
    for name, full, quick, tell in RUNS:
        print(name, file=sys.stderr, flush=True)
        sections.append(tell(outcome(name, quick if options.quick else full)))
    text = page(sections)
    print(text)
    if options.write:
        PAGE.write_text(text, encoding="utf-8")


def outcome(name: str, arguments: tuple[str, ...]) -> dict:
    """What a module finds in a process of its own, whose memory and forks are nobody else's."""
    command = [sys.executable, "-m", f"benchmarks.scale.{name}", *arguments]
    return json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout)


if __name__ == "__main__":
    main()
