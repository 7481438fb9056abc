"""Firefox and WebKitGTK, driven by the W3C's WebDriver: as it is over HTTP, or in Marionette's frames as Firefox speaks it.

Only what the tests need: open, reload, run a script, put files into an input, look at the console, take a picture. Debian
has no geckodriver, whose work is to translate between the two.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.support.files import eventually
from tests.support.ports import free_port

SECONDS = 60
"""How long a browser may take over one command before something is wrong."""
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The name by which a reference to an element is known (WebDriver, 12.1)."""


class WebDriverError(Exception):
    """The browser refused a command, or a script in the page failed."""


class _Wire(Protocol):
    def call(self, command: str, arguments: Mapping[str, Any]) -> Any: ...


class Window:
    """The one window of a browser."""

    def __init__(self, wire: _Wire) -> None:
        self._call = wire.call
        self._call("SetTimeouts", {"script": SECONDS * 1000, "pageLoad": SECONDS * 1000})

    def visit(self, url: str) -> None:
        self._call("Navigate", {"url": url})

    def reload(self) -> None:
        """As if by its key; an upload in its middle is left without asking."""
        self._call("Refresh", {})

    def run(self, script: str, *arguments: object) -> Any:
        """What a function of the page, ``async`` or not, comes to: ``run("(a, b) => a + b", 1, 2)``."""
        wrapped = f"""
            const values = [...arguments], done = values.pop();
            Promise.resolve().then(() => ({script})(...values))
                .then((value) => done({{ value }}), (error) => done({{ error: `${{error}} ${{error?.stack ?? ""}}` }}));"""
        said = self._call("ExecuteAsyncScript", {"script": wrapped, "args": list(arguments)})
        if "error" in said:
            raise WebDriverError(said["error"])
        return said.get("value")

    def choose(self, selector: str, *paths: Path) -> None:
        """Files, or one folder, as if chosen in the dialog that the input opens."""
        element = self.run("(selector) => document.querySelector(selector)", selector)
        self._call("ElementSendKeys", {"id": element[_ELEMENT], "text": "\n".join(str(path) for path in paths)})

    def resize(self, width: int, height: int) -> None:
        self._call("SetWindowRect", {"width": width, "height": height})

    def picture(self) -> bytes:
        """What can be seen, as PNG."""
        return b64decode(self._call("TakeScreenshot", {"full": False}))


class FirefoxWindow(Window):
    """Firefox's, whose file dialog can be answered."""

    def choose_folder(self, selector: str, folder: Path) -> None:
        """Click the button there, choose ``folder`` in the dialog it opens, and answer yes to "upload all files?"."""
        self._call("Marionette:SetContext", {"value": "chrome"})
        self._call("ExecuteScript", {"script": _FOLDER_DIALOG, "args": [str(folder)]})
        self._call("Marionette:SetContext", {"value": "content"})
        button = self.run("(selector) => document.querySelector(selector)", selector)
        self._call("ElementClick", {"id": button[_ELEMENT]})
        eventually(self._says_yes, what="the question whether to upload the folder")

    def _says_yes(self) -> bool:
        try:
            self._call("AcceptAlert", {})
        except WebDriverError as error:
            if "no such alert" not in str(error):
                raise
            return False
        return True


# In place of the system's dialog, as WebDriver has no word for choosing a folder.
_FOLDER_DIALOG = """
const folder = Cc["@mozilla.org/file/local;1"].createInstance(Ci.nsIFile);
folder.initWithPath(arguments[0]);
const dialog = {
    QueryInterface: ChromeUtils.generateQI(["nsIFilePicker"]),
    file: folder,
    init() {},
    appendFilter() {},
    appendFilters() {},
    open: (callback) => Services.tm.dispatchToMainThread(() => callback.done(Ci.nsIFilePicker.returnOK)),
};
const factory = {
    QueryInterface: ChromeUtils.generateQI(["nsIFactory"]),
    createInstance: (kind) => dialog.QueryInterface(kind),
};
Components.manager
    .QueryInterface(Ci.nsIComponentRegistrar)
    .registerFactory(Services.uuid.generateUUID(), "", "@mozilla.org/filepicker;1", factory);
"""


class _Marionette:
    """Firefox's own wire: ``<length>:[0, id, command, arguments]`` there, ``<length>:[1, id, error, result]`` back."""

    def __init__(self, port: int) -> None:
        self._socket = _connected(port)
        self._stream = self._socket.makefile("rb")
        self._last = 0
        self._receive()

    def call(self, command: str, arguments: Mapping[str, Any]) -> Any:
        self._last += 1
        name = command if ":" in command else f"WebDriver:{command}"
        frame = json.dumps([0, self._last, name, arguments]).encode()
        self._socket.sendall(b"%d:%b" % (len(frame), frame))
        _, _, error, result = self._receive()
        if error:
            raise WebDriverError(f"{command}: {error['error']}: {error['message']}")
        return result["value"] if isinstance(result, dict) and list(result) == ["value"] else result

    def close(self) -> None:
        self._stream.close()
        self._socket.close()

    def _receive(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            one = self._stream.read(1)
            if not one:
                raise WebDriverError("Firefox has closed the connection.")
            length += one
        return json.loads(self._stream.read(int(length[:-1])))


class _Http:
    """WebDriver over HTTP, for one session."""

    _WAYS: Mapping[str, tuple[str, str]] = {
        "SetTimeouts": ("POST", "/timeouts"),
        "Navigate": ("POST", "/url"),
        "Refresh": ("POST", "/refresh"),
        "ExecuteAsyncScript": ("POST", "/execute/async"),
        "ElementSendKeys": ("POST", "/element/{id}/value"),
        "SetWindowRect": ("POST", "/window/rect"),
        "TakeScreenshot": ("GET", "/screenshot"),
        "DeleteSession": ("DELETE", ""),
    }

    def __init__(self, port: int, capabilities: Mapping[str, Any]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS + 10)
        self._session = ""
        made = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        self._session = f"/session/{made['sessionId']}"

    def call(self, command: str, arguments: Mapping[str, Any]) -> Any:
        method, path = self._WAYS[command]
        return self._ask(method, self._session + path.format(**arguments), arguments)

    def close(self) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException, WebDriverError):
            self.call("DeleteSession", {})
        self._connection.close()

    def _ask(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        self._connection.request(method, path, json.dumps(body) if method == "POST" else None)
        reply = self._connection.getresponse()
        value = json.loads(reply.read())["value"]
        if reply.status != 200:
            raise WebDriverError(f"{method} {path}: {value['error']}: {value['message']}")
        return value


@contextmanager
def firefox(folder: Path) -> Iterator[FirefoxWindow]:
    """Debian's Firefox without a window anybody sees, with a profile of its own in ``folder``."""
    port = free_port()
    settings = {
        "marionette.port": port,
        # Nothing of the browser's own traffic.
        "app.normandy.enabled": False,
        "app.update.auto": False,
        "browser.safebrowsing.downloads.enabled": False,
        "browser.safebrowsing.malware.enabled": False,
        "browser.safebrowsing.phishing.enabled": False,
        "browser.search.update": False,
        "datareporting.healthreport.uploadEnabled": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "extensions.systemAddon.update.enabled": False,
        # Questions can be answered at once.
        "security.dialog_enable_delay": 0,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
    }
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in settings.items()]
    (folder / "user.js").write_text("".join(lines))
    options = ["--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", str(folder)]
    with running([_program("firefox-esr"), *options], folder), closing(_Marionette(port)) as wire:
        wire.call("NewSession", {"capabilities": {"alwaysMatch": {}}})
        yield FirefoxWindow(wire)


@contextmanager
def webkit(folder: Path) -> Iterator[Window]:
    """WebKitGTK's MiniBrowser: the engine of Safari, with GTK and libsoup below it in place of Apple's parts."""
    port = free_port()
    (browser,) = Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser")
    own = {"webkitgtk:browserOptions": {"binary": str(browser), "args": ["--automation"]}}
    with (
        _screen(folder) as display,
        running([_program("WebKitWebDriver"), f"--port={port}"], folder, DISPLAY=display),
    ):
        _connected(port).close()
        with closing(_Http(port, own)) as wire:
            yield Window(wire)


@contextmanager
def _screen(folder: Path) -> Iterator[str]:
    """A screen that nobody looks at; its name."""
    reading, writing = os.pipe()
    command = [_program("Xvfb"), "-displayfd", str(writing), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    with running(command, folder, pass_fds=(writing,)), os.fdopen(reading) as number:
        os.close(writing)
        yield f":{number.readline().strip()}"


@contextmanager
def running(command: list[str], folder: Path, pass_fds: tuple[int, ...] = (), **variables: str) -> Iterator[None]:
    """A program that has ``folder`` for a home, until the end of the block; then it is gone with all that it started."""
    with (folder / f"{Path(command[0]).name}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), **variables},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=pass_fds,
            start_new_session=True,
        )
    try:
        yield
    finally:
        # First politely: Xvfb removes the lock of its screen then.
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _connected(port: int) -> socket.socket:
    """A connection to a program that has just been started."""

    def connect() -> socket.socket | None:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=SECONDS + 10)
        except OSError:
            return None

    found = eventually(connect, seconds=SECONDS, what=f"somebody to listen on port {port}")
    assert found
    return found


def _program(name: str) -> str:
    program = shutil.which(name)
    if program is None:
        raise AssertionError(f"{name} is not installed; type: make system-parts")
    return program
