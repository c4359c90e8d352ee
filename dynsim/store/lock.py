"""One process writes to a store at a time. The system lets go of the lock when its holder ends, however it ends."""

import contextlib
import errno
import json
import os
import platform
import time
from pathlib import Path

import filelock

from ..files import whole
from .errors import Busy


class Lock:
    """The lock of the store at `path`, whose notes are in `folder`; ``release`` may be called twice."""

    def __init__(self, path: Path, folder: Path):
        self._path = path
        self._holder = folder / "holder.json"
        self._lock = filelock.FileLock(folder / "lock", thread_local=False)

    def acquire(self) -> None:
        """Take it, or raise Busy at once, with what is known of who has it."""
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout:
            who = self.holder() or "another process"
            raise Busy(errno.EBUSY, f"{self._path} is being written to by {who}; wait for it, or stop it.") from None
        me = {"pid": os.getpid(), "host": platform.node(), "since": time.strftime("%Y-%m-%d %H:%M:%S%z")}
        try:
            with whole(self._holder) as file:
                file.write_text(json.dumps(me), encoding="utf-8")
        except BaseException:
            self._lock.release()
            raise

    def holder(self) -> str:
        """Who wrote last that the lock is theirs; empty where it is not known."""
        try:
            known = json.loads(self._holder.read_text(encoding="utf-8"))
            return f"process {known['pid']} on {known['host']}, since {known['since']}"
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def seen(self) -> str:
        """Who holds it now; empty if nobody does."""
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout:
            return self.holder() or "another process"
        except OSError:
            return ""  # where nobody can write
        self._lock.release()
        return ""

    def release(self) -> None:
        if self._lock.is_locked:
            with contextlib.suppress(OSError):  # a note that stays is read only where the lock is held
                self._holder.unlink(missing_ok=True)
            self._lock.release()
