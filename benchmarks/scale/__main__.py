"""``python -m benchmarks.scale [--quick] [--write]``: stores, kills, a cluster."""

import json
import subprocess
import sys
from pathlib import Path

from ..command import command
from .page import cluster, kills, page, store

ROOT = Path(__file__).parent.parent.parent
#: A module that prints its outcome as JSON, its arguments for the page, those of a quick run, and what tells of it.
RUNS = (
    ("overhead", ("10000", "1000"), ("300", "20"), store),
    ("kills", ("50",), ("3",), kills),
    ("cluster", ("2000", "30000", "3"), ("40", "50", "1"), cluster),
)


def made(quick: bool) -> str:
    """The page, measured now."""
    sections = []
    for name, full, tiny, tell in RUNS:
        print(name, file=sys.stderr, flush=True)
        sections.append(tell(outcome(name, tiny if quick else full)))
    return page(sections)


def main(arguments: list[str] | None = None) -> None:
    """Run, print, and write the page where asked to."""
    command("benchmarks.scale", __doc__, "benchmarks-scale.md", made, arguments)


def outcome(name: str, arguments: tuple[str, ...]) -> dict:
    """What a module finds in a process of its own, whose memory and forks are nobody else's."""
    command = [sys.executable, "-m", f"benchmarks.scale.{name}", *arguments]
    return json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout)


if __name__ == "__main__":
    main()
