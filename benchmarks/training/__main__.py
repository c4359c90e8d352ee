"""``python -m benchmarks.training [--quick] [--write]``: training beside JAX and PyTorch."""

import argparse
import sys
from pathlib import Path

from .page import page
from .problems import QUICK, Size
from .processes import NARROW, first_call, has_wide, measured

PAGE = Path(__file__).parent.parent.parent / "docs" / "benchmarks-training.md"


def main(arguments: list[str] | None = None) -> None:
    """Run, print, and write the page where asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that everything runs")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks-training.md")
    options = parser.parse_args(arguments)
    if options.quick and options.write:
        parser.error("--write needs the full run; leave out --quick.")
    found = []
    for core_type in (None, NARROW) if has_wide() and not options.quick else (None,):
        print(f"OpenBLAS: {core_type or 'as installed'}", file=sys.stderr, flush=True)
        found.append(measured(core_type, options.quick))
    print("first call", file=sys.stderr, flush=True)
    text = page(QUICK if options.quick else Size(), found, first_call())
    print(text)
    if options.write:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
