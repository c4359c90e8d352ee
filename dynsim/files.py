"""Files that are written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def draft(path: Path) -> Path:
    """Where a file is written before it takes its name: beside it, so that the renaming is one step."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path to write to; it becomes `path` when the block ends well, and vanishes when it does not.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole(Path(folder) / "a.txt") as file:
    ...         _ = file.write_text("all of it")
    ...     print([p.name for p in Path(folder).iterdir()])
    ['a.txt']
    """
    file = draft(path)
    try:
        yield file
        os.replace(file, path)
    finally:
        file.unlink(missing_ok=True)
