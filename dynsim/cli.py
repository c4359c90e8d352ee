"""The command line, such as ``dynsim sweep``.

Only the standard library is imported here. Each command imports what it needs, so that help comes at once.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__, checks, cli_texts


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one sentence."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}; see '{self.prog} --help'.\n")


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = _new(_Parser, prog="dynsim", description=cli_texts.ABOUT, epilog=cli_texts.EXAMPLES)
    top.add_argument("--version", action="version", version=f"dynsim {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    _add_reproduce(commands)
    _add_train_claims(commands)
    _add_list(commands)
    _add_sweep(commands)
    _add_train_compare(commands)
    _add_explore(commands)
    return top


def _new(make, *args, **kwargs):
    # No abbreviations: a script that uses one breaks when an option is added.
    return make(*args, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **kwargs)


def _command(commands, name, about, epilog):
    return _new(commands.add_parser, name, help=about, description=about[0].upper() + about[1:] + ".", epilog=epilog)


def _add_reproduce(commands):
    about = "draw the base paper's theory figures and phase diagrams, and try its claims"
    command = _command(commands, "reproduce", about, cli_texts.REPRODUCE_EXAMPLES)
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
    command = _command(commands, "train-claims", about, cli_texts.TRAIN_CLAIMS_EXAMPLES)
    command.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("trained"), help="folder for the results (default: %(default)s)"
    )
    command.add_argument("--quick", action="store_true", help="about a minute instead of some ten")
    command.add_argument(
        "--only", metavar="NAME", nargs="+", action="extend", help="claim1 to claim11: try only these (default: all)"
    )


def _add_list(commands):
    about = "show what there is, with its equations"
    command = _command(commands, "list", about, cli_texts.LIST_EXAMPLES)
    command.add_argument(
        "room",
        metavar="ROOM",
        nargs="?",
        help="maps, landscapes, tuners, measures, objectives or optimizers (default: all)",
    )
    command.add_argument("name", metavar="NAME", nargs="?", help="show the whole text about this one")


def _add_sweep(commands):
    about = "iterate a map on every point of a grid and save what was measured"
    command = _command(commands, "sweep", about, cli_texts.SWEEP_EXAMPLES)
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
    saving.add_argument("--device", help="cpu, cuda (an NVIDIA GPU) or auto, the GPU where there is one (default: cpu)")
    saving.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask cluster whose workers compute, such as tcp://node1:8786"
    )


def _add_train_compare(commands):
    about = "measure how long the reduced model foretells the training of real networks"
    command = _command(commands, "train-compare", about, None)
    command.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("trained"), help="folder for the results (default: %(default)s)"
    )


def _add_explore(commands):
    about = "explore phase diagrams with the mouse, in the browser"
    command = _command(commands, "explore", about, cli_texts.EXPLORE_EXAMPLES)
    command.add_argument(
        "what", metavar="MAP | SWEEP", nargs="?", help="a map, a closed loop or a stored sweep (default: cdat)"
    )
    command.add_argument("--link", default="", help="begin with the view of a link that the explorer gave")
    command.add_argument("--port", metavar="N", default="0", help="of the server (default: a free one)")
    command.add_argument(
        "--host", metavar="NAME", default="", help="let other machines in, under this name (default: this one only)"
    )
    command.add_argument("--device", default="cpu", help="cpu, cuda or auto, as for sweeps (default: %(default)s)")
    command.add_argument("--no-browser", dest="browser", action="store_false", help="print the address, open nothing")


def _check_only(chosen, known, what):
    try:
        for name in chosen or ():
            checks.known_name(name, known, what)
    except ValueError as error:
        raise argparse.ArgumentError(None, str(error)) from None


def _train_compare(args):
    from . import bridge

    bridge.run(out=args.out)
    return 0


def _reproduce(args):
    if args.catalogue:
        return _catalogue(args)
    from . import reproduce

    _check_only(args.only, reproduce.pieces(), "piece")
    reproduce.run(out=args.out, only=args.only)
    return 0


def _catalogue(args):
    from . import catalogue

    _check_only(args.only, catalogue.MODULES, "model of the catalogue")
    catalogue.run(out=args.out, only=args.only)
    return 0


def _train_claims(args):
    from . import train_claims

    _check_only(args.only, train_claims.claims(), "claim")
    train_claims.run(out=args.out, only=args.only, short=args.quick)
    return 0


def _list(args):
    from .cli_list import run

    return run(args)


def _sweep(args):
    from .cli_sweep import run

    return run(args)


def _explore(args):
    from .cli_explore import run

    return run(args)


_COMMANDS = {
    "reproduce": _reproduce,
    "train-claims": _train_claims,
    "train-compare": _train_compare,
    "list": _list,
    "sweep": _sweep,
    "explore": _explore,
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
