"""``python -m benchmarks.training [--quick] [--write]``: training beside JAX and PyTorch."""

import sys

from ..command import command
from .page import page
from .problems import QUICK, Size
from .processes import NARROW, first_call, has_wide, measured


def made(quick: bool) -> str:
    """The page, measured now."""
    found = []
    for core_type in (None, NARROW) if has_wide() and not quick else (None,):
        print(f"OpenBLAS: {core_type or 'as installed'}", file=sys.stderr, flush=True)
        found.append(measured(core_type, quick))
    print("first call", file=sys.stderr, flush=True)
    return page(QUICK if quick else Size(), found, first_call())


def main(arguments: list[str] | None = None) -> None:
    """Run, print, and write the page where asked to."""
    command("benchmarks.training", __doc__, "benchmarks-training.md", made, arguments)


if __name__ == "__main__":
    main()
