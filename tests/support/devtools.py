"""Chromium by its own protocol, without what Playwright does for every page: there a page counts as seen and in focus whatever
happens to it, so that it can be neither hidden nor frozen, and is never told that it was.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.support.browser import FLAGS, chromium_program
from tests.support.webdriver import running


class DevToolsError(Exception):
    """The browser refused a command, or a script in the page failed."""


class Chromium:
    """The commands of one browser, and what it answers."""

    def __init__(self, reading: int, writing: int) -> None:
        self._answers = os.fdopen(reading, "rb")
        self._commands = os.fdopen(writing, "wb", buffering=0)
        self._last = 0
        self._left = b""

    def call(self, method: str, session: str = "", **parameters: Any) -> Any:
        self._last += 1
        message = {
            "id": self._last,
            "method": method,
            "params": parameters,
            **({"sessionId": session} if session else {}),
        }
        self._commands.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = json.loads(self._next())
            # The rest are events, which nobody has asked for.
            if answer.get("id") != self._last:
                continue
            if "error" in answer:
                raise DevToolsError(f"{method}: {answer['error']['message']}")
            return answer["result"]

    def _next(self) -> bytes:
        while b"\0" not in self._left:
            more = os.read(self._answers.fileno(), 1 << 20)
            if not more:
                raise DevToolsError("Chromium has ended.")
            self._left += more
        message, _, self._left = self._left.partition(b"\0")
        return message

    def close(self) -> None:
        self._answers.close()
        self._commands.close()


class Tab:
    """A page in a tab of its own, which others may cover."""

    def __init__(self, browser: Chromium) -> None:
        self._browser = browser
        self._target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]

    def visit(self, url: str) -> None:
        self._call("Page.navigate", url=url)

    def run(self, script: str, *arguments: object) -> Any:
        """What a function of the page, ``async`` or not, comes to; it may do what takes a click."""
        values = ", ".join(json.dumps(each) for each in arguments)
        return self._evaluate(f"({script})({values})", userGesture=True)

    def choose(self, selector: str, *paths: Path) -> None:
        """Files, as if chosen in the dialog that the input opens."""
        found = self._call("Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})")
        files = [str(path) for path in paths]
        self._call("DOM.setFileInputFiles", files=files, objectId=found["result"]["objectId"])

    def all_of(self, kind: str, script: str) -> Any:
        """What ``script`` comes to of all living objects of a kind, ``Notification`` say, whoever has made them and wherever they are."""
        prototype = self._call("Runtime.evaluate", expression=f"{kind}.prototype")["result"]["objectId"]
        found = self._call("Runtime.queryObjects", prototypeObjectId=prototype)["objects"]["objectId"]
        call = f"function () {{ return ({script})(this); }}"
        said = self._call(
            "Runtime.callFunctionOn", objectId=found, functionDeclaration=call, returnByValue=True, awaitPromise=True
        )
        return _value(said)

    def cover(self) -> None:
        """Opens another tab over this one."""
        other = self._browser.call("Target.createTarget", url="about:blank")["targetId"]
        self._browser.call("Target.activateTarget", targetId=other)

    def uncover(self) -> None:
        self._browser.call("Target.activateTarget", targetId=self._target)

    def freeze(self) -> None:
        """As a phone does with a page when it sleeps: no script and no timer runs, no answer is told."""
        self._call("Page.setWebLifecycleState", state="frozen")

    def thaw(self) -> None:
        self._call("Page.setWebLifecycleState", state="active")

    def permit(self, name: str, setting: str, origin: str) -> None:
        """What the person has said to a question of the browser: ``granted``, ``denied``, or nothing yet, ``prompt``."""
        self._browser.call("Browser.setPermission", permission={"name": name}, setting=setting, origin=origin)

    def _evaluate(self, expression: str, **options: Any) -> Any:
        return _value(
            self._call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, **options)
        )

    def _call(self, method: str, **parameters: Any) -> Any:
        return self._browser.call(method, self._session, **parameters)


def _value(said: Any) -> Any:
    if "exceptionDetails" in said:
        raise DevToolsError(json.dumps(said["exceptionDetails"]))
    return said["result"].get("value")


@contextmanager
def chromium_tab(folder: Path) -> Iterator[Tab]:
    """A tab of Debian's Chromium without a window, with a profile of its own in ``folder``."""
    reading, answers = os.pipe()
    commands, writing = os.pipe()
    options = [*FLAGS, "--headless", "--remote-debugging-pipe", f"--user-data-dir={folder / 'profile'}"]
    # Chromium reads from 3 and writes to 4.
    shell = ["bash", "-c", f'exec "$@" 3<&{commands} 4>&{answers}', "bash"]
    with (
        closing(Chromium(reading, writing)) as browser,
        running([*shell, chromium_program(), *options], folder, pass_fds=(commands, answers)),
    ):
        os.close(commands)
        os.close(answers)
        yield Tab(browser)
