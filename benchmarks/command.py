"""What the benchmarks have in common: ``python -m NAME [--quick] [--write]`` prints a page, or writes it too."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def command(name: str, about: str, page: str, made: Callable[[bool], str], arguments: Sequence[str] | None) -> None:
    """Print what ``made(quick)`` returns, and write it to docs/`page` where asked to."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=about)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that everything runs")
    parser.add_argument("--write", action="store_true", help=f"write docs/{page}")
    options = parser.parse_args(arguments)
    if options.quick and options.write:
        parser.error("--write needs the full run; leave out --quick.")
    text = made(options.quick)
    print(text)
    if options.write:
        (DOCS / page).write_text(text, encoding="utf-8")
