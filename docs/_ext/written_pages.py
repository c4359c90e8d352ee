"""Pages that are written when the documentation is built: the notebooks' copies, and what ``dynsim`` says of itself.

Pages and docstrings are fitted to the site on the way; in the repository they read as they are.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import dynsim as ds
from dynsim.cli_list import ROOMS, entry

DOCS = Path(__file__).parent.parent
COMMANDS = ("", "reproduce", "list", "sweep", "train-claims", "train-compare")
_WRITTEN = "*Written from the files of the package when this page was built.*"


def setup(app):
    app.connect("builder-inited", lambda app: write())
    app.connect("source-read", fitted)
    app.connect("autodoc-process-docstring", without_types, priority=400)  # numpydoc comes at 500
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write() -> None:
    """Write every page that is not there yet or has changed."""
    for path in sorted((DOCS.parent / "notebooks").rglob("*.ipynb")):
        inner = path.relative_to(DOCS.parent)
        if ".ipynb_checkpoints" not in inner.parts:
            # From the folder of a notebook, docs lies beside it; here it is the root.
            text = re.sub(r"\]\(((?:\.\./)*)\.\./docs/", r"](\1../", path.read_text(encoding="utf-8"))
            _keep(DOCS / inner, text)
    for room, about in ROOMS.items():
        _keep(DOCS / "reference" / f"{room}.md", _room(room, about))
    _keep(DOCS / "reference" / "command-line.md", _command_line())


def fitted(app, name, source) -> None:
    """Links to the notebooks, which lie beside docs in the repository; no blank line at the end of a block."""
    if not name.startswith("notebooks/"):
        text = source[0].replace("](../notebooks/", "](notebooks/")
        source[0] = re.sub(r"\n+\n```$", "\n```", text, flags=re.M) if "```python" in text else text


def without_types(app, what, name, obj, options, lines) -> None:
    """``name : text`` as ``name`` and text below: here the text says what it is, and numpydoc takes it for a type."""
    found = []
    for line in lines:
        entry = re.fullmatch(r"((?:\*\*)?[\w.*, ]+) : (.+)", line)
        found += [entry[1], f"    {entry[2]}"] if entry else [line]
    lines[:] = found


def _room(room, about):
    parts = [f"# {room.capitalize()}", f"{about[0].upper()}{about[1:]}.", _WRITTEN]
    for name in getattr(ds, room).__all__:
        _, *lines = entry(room, name, 88, whole=True)
        parts += [f"## `{name}`", "```text\n" + "\n".join(line[4:] for line in lines) + "\n```"]
    return "\n\n".join(parts) + "\n"


def _command_line():
    parts = ["# The command line", _WRITTEN]
    for command in COMMANDS:
        called = [sys.executable, "-m", "dynsim", *filter(None, [command]), "--help"]
        told = subprocess.run(called, capture_output=True, text=True, check=True, env=os.environ | {"COLUMNS": "88"})
        parts += [f"## `dynsim {command}`".replace(" `", "`"), f"```text\n{told.stdout.rstrip()}\n```"]
    return "\n\n".join(parts) + "\n"


def _keep(path, text):
    """Write a file unless it says that already: what is not touched is not built again."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
