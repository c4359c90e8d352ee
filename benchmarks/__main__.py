"""``python -m benchmarks [--quick] [--write]``: all benchmarks in one run, side by side."""

from .command import command
from .page import page
from .problems import QUICK, Size
from .report import run


def main(arguments: list[str] | None = None) -> None:
    """Run, print, and write the page where asked to."""
    command("benchmarks", __doc__, "benchmarks.md", lambda quick: page(run(QUICK if quick else Size())), arguments)


if __name__ == "__main__":
    main()
