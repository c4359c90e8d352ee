"""The server: pages for this machine only, so many at a time."""

import asyncio
import logging
import threading
import webbrowser
from contextlib import suppress
from html import escape

import panel as pn
from bokeh.events import ClientReconnected, ConnectionLost, DocumentReady
from bokeh.models import CustomJS

from . import styles
from .library import Library
from .page import Page
from .view import Limits, View

#: Pages that may be open at a time.
MOST_PAGES = 24
#: The largest message that a page may send, in bytes.
LARGEST_MESSAGE = 2**20
_LOCAL = ("localhost", "127.0.0.1")
#: Seconds for which the last words to the pages may be on their way.
PARTING = 0.2
#: What a page does when its server is gone, and if it comes back.
_LOST = """
const note = document.createElement("div")
note.className = "lost"
note.textContent = "The explorer behind this page has ended, and nothing here works any more. Start it again (in a " +
  "notebook, run its cell), and load this page or its link anew."
note.style = "position: sticky; top: 0; z-index: 9999; padding: 10px 14px; background: #fdecea; color: #4a1d05; " +
  "border-left: 4px solid #D55E00; font: 14px sans-serif"
if (!document.querySelector(".lost")) document.body.prepend(note)
"""
#: Panel pushes an address that the browser's Back has brought once more, which cuts off Forward.
_ONCE = """
const push = history.pushState.bind(history)
history.pushState = (state, title, url) => {
  if (new URL(url, location.href).href != location.href) push(state, title, url)
}
"""
_FOUND = "document.querySelector('.lost')?.remove()"


class Explorer:
    """A running explorer. In a notebook it shows itself; elsewhere ``.open()`` shows it in a browser.

    Attributes
    ----------
    url : its address, with the view that it begins with.

    Raises
    ------
    OSError : the port or the host is not to be had.
    """

    def __init__(self, library: Library, first: View, limits: Limits, port: int = 0, host: str = ""):
        self._library, self._first, self._limits, self._host = library, first, limits, host
        self._pages: set[Page] = set()
        self._ready, self._ended = threading.Event(), threading.Event()
        self._server, self._error = None, None
        threading.Thread(target=self._run, args=(port,), name="explorer", daemon=True).start()
        self._ready.wait()
        if self._error is not None:
            raise self._error
        self.url = f"http://{host or 'localhost'}:{self._server.port}/"

    def open(self) -> "Explorer":
        """Show it in the browser."""
        webbrowser.open(self.url)
        return self

    def wait(self) -> None:
        """Keep a script running until the explorer is closed."""
        self._ended.wait()

    def close(self) -> None:
        """End the server and its pages."""
        if not self._ended.is_set():
            self._server.io_loop.add_callback(self._end)
            self._ended.wait(5)

    async def _end(self):
        for page in list(self._pages):
            page.close()
        with suppress(AttributeError):  # Bokeh has no public way to hang up, and the pages must hear of it
            for client in list(self._server._tornado._clients):
                client._socket.close()
        self._server.unlisten()
        await asyncio.sleep(PARTING)
        self._server.stop()
        self._server.io_loop.stop()

    def _run(self, port):
        asyncio.set_event_loop(asyncio.new_event_loop())
        # Bokeh warns of its own accord when a browser goes away amid a message.
        logging.getLogger("bokeh.server").setLevel(logging.ERROR)
        try:
            port = port or _free(self._host or "localhost")
            hosts = {self._host, *_LOCAL} - {""}
            self._server = pn.io.server.get_server(
                {"/": self._open}, port=port, address=self._host or "localhost", start=False, show=False,
                websocket_origin=[f"{name}:{port}" for name in sorted(hosts)], title="dynsim explorer",
                websocket_max_message_size=LARGEST_MESSAGE,
            )  # fmt: skip
            self._hosts = hosts
            self._server.start()
        except Exception as error:
            self._error = error
            self._ready.set()
            return
        self._ready.set()
        self._server.io_loop.start()
        self._ended.set()

    def _open(self):
        """A new page, or what is wrong."""
        if self._asked_as() not in self._hosts:  # a foreign name that leads here
            return _notice("This explorer answers to requests from its own machine only.")
        if len(self._pages) >= MOST_PAGES:
            return _notice(f"{MOST_PAGES} pages of this explorer are open already. Close one, and load this one again.")
        page = Page(self._library, self._first, self._limits, self._banner())
        self._pages.add(page)
        page.doc.js_on_event(DocumentReady, CustomJS(code=_ONCE))
        page.doc.js_on_event(ConnectionLost, CustomJS(code=_LOST))
        page.doc.js_on_event(ClientReconnected, CustomJS(code=_FOUND))
        pn.state.onload(page.begin)
        pn.state.on_session_destroyed(lambda context: self._gone(page))
        return page.layout()

    def _asked_as(self):
        name = pn.state.headers.get("Host", "")
        return name.rpartition(":")[0] or name

    def _banner(self):
        if not self._host or self._host in _LOCAL:
            return ""
        return (
            f"This explorer is open to other machines, as {self._host}: whoever reaches that name can use it, and this "
            "machine computes for them."
        )

    def _gone(self, page):
        page.close()
        self._pages.discard(page)

    def _repr_html_(self):
        if self._ended.is_set():
            return "<div>This explorer is closed; call ds.explore again.</div>"
        url, name = escape(self.url), escape(self._first.map)
        return (
            f'<iframe src="{url}" width="100%" height="960" style="border: 1px solid #d9dee4" allow="clipboard-write">'
            f'</iframe><div>The explorer of {name}, also <a href="{url}" target="_blank">in a tab of its own</a> from '
            "its first view. It runs as long as this kernel; if nothing is above, run the cell again.</div>"
        )

    def __repr__(self):
        return f"<dynsim explorer at {self.url}{', closed' * self._ended.is_set()}>"


def _notice(text):
    return pn.pane.HTML(f"<div>{escape(text)}</div>", stylesheets=[styles.ALERT])


def _free(host):
    import socket

    with socket.socket() as one:
        one.bind((host, 0))
        return one.getsockname()[1]
