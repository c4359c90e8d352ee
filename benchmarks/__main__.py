"""``python -m benchmarks [--quick] [--write]``: all benchmarks in one run, side by side."""

import argparse
from pathlib import Path

from .page import page
from .problems import QUICK, Size
from .report import run

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def main(arguments: list[str] | None = None) -> None:
    """Run, print, and write the page where asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that everything runs")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args(arguments)
    if options.quick and options.write:
        parser.error("--write needs the full run; leave out --quick.")
    text = page(run(QUICK if options.quick else Size()))
    print(text)
    if options.write:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
