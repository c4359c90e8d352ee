"""The server: pages on localhost, so many at a time."""

import asyncio
import threading

import panel as pn

from .page import Page
from .subjects import Library
from .view import Limits, View

#: Pages that may be open at a time.
MOST_PAGES = 24


class Explorer:
    """A running explorer; in a notebook it shows itself."""

    def __init__(self, library: Library, first: View, limits: Limits, port: int = 0, host: str = ""):
        self.library, self.first, self.limits, self.host = library, first, limits, host
        self.pages: set[Page] = set()
        self._ready = threading.Event()
        self._error: Exception | None = None
        self._server = None
        threading.Thread(target=self._run, args=(port,), name="explorer", daemon=True).start()
        self._ready.wait()
        if self._error is not None:
            raise self._error

    def _run(self, port):
        asyncio.set_event_loop(asyncio.new_event_loop())
        try:
            self._server = pn.io.server.get_server(
                {"/": self._open}, port=port, address=self.host or "localhost", start=False, show=False,
                title="dynsim explorer", websocket_max_message_size=2**20,
            )  # fmt: skip
            self._server.start()
        except Exception as error:
            self._error = error
            self._ready.set()
            return
        self._ready.set()
        self._server.io_loop.start()

    @property
    def url(self):
        return f"http://{self.host or 'localhost'}:{self._server.port}/"

    def _open(self):
        page = Page(self.library, self.first, self.limits)
        self.pages.add(page)
        pn.state.onload(page.begin)
        pn.state.on_session_destroyed(lambda context: self._closed(page))
        return page.layout()

    def _closed(self, page):
        page.close()
        self.pages.discard(page)
