"""The command line: ``dynsim reproduce``, ``dynsim train-claims``, ``dynsim list`` and ``dynsim sweep``.

Only the standard library is imported here. Each command imports what it needs, so that help comes at once.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__, checks

_ABOUT = "The joint dynamics of learning rate and curvature at the edge of stability."

_EXAMPLES = """\
examples:
  dynsim list                   every map, landscape, tuner, …
  dynsim list maps cdat         all about one of them
  dynsim sweep cdat --steps 10000 --over nu=0.01:1:200 --measure regime \\
      --out regimes.nc          a phase diagram, saved as NetCDF
  dynsim reproduce              the base paper's figures and claims
  dynsim train-claims --quick   what it claims of training, in a minute

'dynsim COMMAND --help' says more about each command.
"""

_REPRODUCE_EXAMPLES = """\
examples:
  dynsim reproduce                      everything, in the folder reproduced
  dynsim reproduce --out ~/figures      everything, somewhere else
  dynsim reproduce --only fig4 claims   two pieces of it
  dynsim reproduce --catalogue          the field's reduced models instead
"""

_TRAIN_CLAIMS_EXAMPLES = """\
examples:
  dynsim train-claims                       all eleven claims, in the folder trained
  dynsim train-claims --quick               the same code on shorter and fewer runs
  dynsim train-claims --only claim3 claim9  two of them
"""

_LIST_EXAMPLES = """\
examples:
  dynsim list                   everything, each with its equation
  dynsim list tuners            the tuners, and what each needs to be given
  dynsim list maps cdat         the whole text about one of them
"""

_SWEEP_EXAMPLES = """\
grids (GRID above, and in a file):
  0.1:2:200           start:stop:count, evenly spaced, both ends included
  1e-5:1e-1:300:log   the same, evenly spaced in the logarithm
  0.1,0.2,0.5         these values

measures (MEASURE above, and in a file):
  regime              a measure without a name
  final:lam           of a state, observable or parameter: KIND:NAME
  mean:y,skip=100     with options; 'dynsim list measures' shows them
  mean:y,as=late      saved under another name, to have two of a kind

file (all keys are optional; options above override it):
  map = "self_stabilization"      # or: landscape, tuner and delay
  steps = 10000
  measure = ["final:lam", "mean:y,skip=100", "regime"]
  out = "result.nc"               # relative to where the command runs
  threads = 2

  [over]                          # each name is a dim; all combinations
  eta = "0.1:2:200"
  a = [0.01, 0.03, 0.1]

  [points]                        # these vary together, along the dim "point"
  x = [0.1, 0.2]
  lam = [1.5, 1.8]

  [values]                        # everything else has its default
  b = 0.3

  --measure replaces the whole list of the file; --over and --set replace a
  name wherever the file has it; a map, landscape or tuner replaces the file's.

examples:
  dynsim sweep self_stabilization --steps 10000 --over eta=0.1:2:200 \\
      --over a=1e-5:1e-1:300:log --set b=0.3 --measure final:lam \\
      --measure mean:y,skip=100 --measure regime --out result.nc
  dynsim sweep --landscape cubic_loss --tuner cdat --delay 1 --steps 10000 \\
      --over sigma=1.5:2.5:101 --measure regime --out cubic.nc
  dynsim sweep sweep.toml --steps 100000 --out longer.nc
  dynsim sweep sweep.toml --out long.zarr --dry-run
  dynsim sweep sweep.toml --out long.zarr
  dynsim sweep --out long.zarr --status

stores:
  With --out NAME.zarr results go to a zarr store chunk by chunk. A sweep that
  was stopped, whatever stopped it, goes on when the same command is given
  again; what is there is checked, not computed anew. Open the store with
  xarray.open_zarr("NAME.zarr"), also while it grows.

Points that diverge are data: see the measures regime and lifetime. Open the
result with xarray.open_dataset("result.nc").
"""


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one sentence."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}; see '{self.prog} --help'.\n")


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = _new(_Parser, prog="dynsim", description=_ABOUT, epilog=_EXAMPLES)
    top.add_argument("--version", action="version", version=f"dynsim {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    _add_reproduce(commands)
    _add_train_claims(commands)
    _add_list(commands)
    _add_sweep(commands)
    _add_train_compare(commands)
    return top


def _new(make, *args, **kwargs):
    # No abbreviations: a script that uses one breaks when an option is added.
    return make(*args, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **kwargs)


def _command(commands, name, about, epilog):
    return _new(commands.add_parser, name, help=about, description=about[0].upper() + about[1:] + ".", epilog=epilog)


def _add_reproduce(commands):
    about = "draw the base paper's theory figures and phase diagrams, and try its claims"
    command = _command(commands, "reproduce", about, _REPRODUCE_EXAMPLES)
    command.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path("reproduced"),
        help="folder for the results (default: %(default)s)",
    )
    command.add_argument(
        "--only", metavar="NAME", nargs="+", action="extend", help="make only what is named (default: everything)"
    )
    command.add_argument(
        "--catalogue", action="store_true", help="instead, the claims and figures of all reduced models of the field"
    )


def _add_train_claims(commands):
    about = "train small networks and try what the base paper claims of training"
    command = _command(commands, "train-claims", about, _TRAIN_CLAIMS_EXAMPLES)
    command.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("trained"), help="folder for the results (default: %(default)s)"
    )
    command.add_argument("--quick", action="store_true", help="about a minute instead of some ten")
    command.add_argument(
        "--only", metavar="NAME", nargs="+", action="extend", help="claim1 to claim11: try only these (default: all)"
    )


def _add_list(commands):
    about = "show what there is, with its equations"
    command = _command(commands, "list", about, _LIST_EXAMPLES)
    command.add_argument(
        "room",
        metavar="ROOM",
        nargs="?",
        help="maps, landscapes, tuners, measures, objectives or optimizers (default: all)",
    )
    command.add_argument("name", metavar="NAME", nargs="?", help="show the whole text about this one")


def _add_sweep(commands):
    about = "iterate a map on every point of a grid and save what was measured"
    command = _command(commands, "sweep", about, _SWEEP_EXAMPLES)
    command.usage = "dynsim sweep [MAP | FILE.toml] [options]"
    command.add_argument(
        "what", metavar="MAP | FILE.toml", nargs="?", help="a map of 'dynsim list maps', or a file that says what to do"
    )
    system = command.add_argument_group("what is iterated")
    system.add_argument("--map", metavar="MAP", help="the map, where FILE.toml names another")
    system.add_argument("--landscape", metavar="NAME", help="with --tuner, in place of a map: any closed loop")
    system.add_argument("--tuner", metavar="NAME", help="the tuner on that landscape")
    system.add_argument(
        "--delay", metavar="0|1", help="steps between a measurement and the rate that it sets (default: 0)"
    )
    system.add_argument("--steps", metavar="N", help="how many steps of the map, such as 10000 or 1e6 (required)")
    grid = command.add_argument_group("where, and what is measured")
    grid.add_argument(
        "--over",
        metavar="NAME=GRID",
        action="append",
        default=[],
        help="sweep a parameter or an initial state; repeat it for a product of dims (default: one point)",
    )
    grid.add_argument(
        "--set",
        metavar="NAME=NUMBER",
        action="append",
        default=[],
        help="fix a parameter or an initial state; may be repeated (default: the map's own values)",
    )
    grid.add_argument(
        "--measure", metavar="MEASURE", action="append", help="what to measure; may be repeated (required)"
    )
    saving = command.add_argument_group("how, and where it is saved")
    saving.add_argument("--out", metavar="FILE", help="NetCDF file, or a store if it ends in .zarr (required)")
    saving.add_argument("--force", action="store_true", help="overwrite it if it exists")
    saving.add_argument("--resume", action="store_true", help="only go on with a store that is there; begin none")
    saving.add_argument("--status", action="store_true", help="show how far the store is; compute nothing")
    saving.add_argument(
        "--dry-run", action="store_true", help="show what it would take in room and time; write nothing"
    )
    saving.add_argument(
        "--threads", metavar="N", help="how many threads; the result does not depend on it (default: all cores)"
    )


def _add_train_compare(commands):
    about = "measure how long the reduced model foretells the training of real networks"
    command = _command(commands, "train-compare", about, None)
    command.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("trained"), help="folder for the results (default: %(default)s)"
    )


def _train_compare(args):
    from . import bridge

    bridge.run(out=args.out)
    return 0


def _reproduce(args):
    if args.catalogue:
        return _catalogue(args)
    from . import reproduce

    if args.only:
        try:
            for name in args.only:
                checks.known_name(name, reproduce.pieces(), "piece")
        except ValueError as error:
            raise argparse.ArgumentError(None, str(error)) from None
    reproduce.run(out=args.out, only=args.only)
    return 0


def _catalogue(args):
    from . import catalogue

    try:
        for name in args.only or ():
            checks.known_name(name, catalogue.MODULES, "model of the catalogue")
    except ValueError as error:
        raise argparse.ArgumentError(None, str(error)) from None
    catalogue.run(out=args.out, only=args.only)
    return 0


def _train_claims(args):
    from . import train_claims

    if args.only:
        try:
            for name in args.only:
                checks.known_name(name, train_claims.claims(), "claim")
        except ValueError as error:
            raise argparse.ArgumentError(None, str(error)) from None
    train_claims.run(out=args.out, only=args.only, short=args.quick)
    return 0


def _list(args):
    from .cli_list import run

    return run(args)


def _sweep(args):
    from .cli_sweep import run

    return run(args)


_COMMANDS = {
    "reproduce": _reproduce,
    "train-claims": _train_claims,
    "train-compare": _train_compare,
    "list": _list,
    "sweep": _sweep,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; `argv` without the program's name, by default that of the process.

    Returns
    -------
    int : the exit code: 0, 1 where something went wrong on the way, 2 where what was asked for does not fit, 130
        where it was interrupted.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    if (getattr(sys.stdout, "encoding", None) or "utf-8").lower() != "utf-8" and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # Greek letters must not stop a terminal that lacks them
    try:
        code = _dispatch(argv)
        sys.stdout.flush()
        return code
    except SystemExit as stop:  # argparse's way to end, after help as after an error
        return stop.code if isinstance(stop.code, int) else int(bool(stop.code))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # dynsim list | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _dispatch(argv):
    if not argv:
        parser().print_help(sys.stderr)
        return 2
    if not argv[0].startswith("-"):
        try:
            checks.known_name(argv[0], _COMMANDS, "command")
        except ValueError as error:
            return _fail("dynsim", error, 2)
    args = parser().parse_args(argv)
    prefix = f"dynsim {args.command}"
    try:
        return _COMMANDS[args.command](args)
    except argparse.ArgumentError as error:
        return _fail(prefix, error, 2)
    except MemoryError as error:
        return _fail(prefix, f"not enough memory: {error}" if str(error) else "not enough memory", 1)


def _fail(prefix, message, code):
    print(f"{prefix}: {message}", file=sys.stderr)
    return code
