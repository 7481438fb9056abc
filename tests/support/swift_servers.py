"""The servers of a Swift for the tests; run by the system's Python as ``swift_servers.py FOLDER KIND:PORT…``.

They share one process at the start, as most of that is loading code, and each has one of its own from then on, by its file ``KIND.conf``
in the folder. All of them end when the first one does, and that one when its parent does.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

# The system's Python has it, which runs this.
from swift.common import utils  # type: ignore[import-not-found, unused-ignore]
from swift.common.ring import RingBuilder  # type: ignore[import-not-found, unused-ignore]
from swift.common.wsgi import run_wsgi  # type: ignore[import-not-found, unused-ignore]

PR_SET_PDEATHSIG = 1


class Memory:
    """What the proxy has beside it as memcached elsewhere, for itself: what it knows of accounts and containers."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[Any, float]] = {}

    def get(self, key: str, **_: object) -> Any:
        value, until = self._values.get(key, (None, 0.0))
        return value if monotonic() < until else None

    def set(self, key: str, value: Any, time: float = 0, **_: object) -> None:
        self._values[key] = value, monotonic() + (time or 3600)

    def delete(self, key: str, **_: object) -> None:
        self._values.pop(key, None)

    def incr(self, key: str, delta: int = 1, time: float = 0, **_: object) -> Any:
        self.set(key, max(0, (self.get(key) or 0) + delta), time=time)
        return self.get(key)


def memory(_conf: dict[str, str], **_: str) -> Callable[[Any], Any]:
    """A filter as paste makes them."""
    kept = Memory()

    def added(app: Any) -> Any:
        def call(environ: dict[str, Any], start_response: Any) -> Any:
            environ["swift.cache"] = kept
            return app(environ, start_response)

        return call

    return added


def die_with_parent(parent: int) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def make_rings(folder: Path, ports: dict[str, str]) -> None:
    """Each of one disk, where everything is once."""
    for ring, kind in (("account", "account"), ("container", "container"), ("object", "object")):
        builder = RingBuilder(2, 1, 1)
        where = {"region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(ports[kind]), "device": "one", "weight": 1.0}
        builder.add_dev(where)
        builder.rebalance()
        builder.get_ring().save(str(folder / f"{ring}.ring.gz"))


def main() -> None:
    # Asked for by this name in the configuration of the proxy.
    sys.modules["swift_servers"] = sys.modules["__main__"]
    die_with_parent(os.getppid())
    folder, ports = Path(sys.argv[1]), dict(each.split(":") for each in sys.argv[2:])
    utils.set_swift_dir(str(folder))
    make_rings(folder, ports)
    parent = os.getpid()
    for kind in ports:
        if not os.fork():
            die_with_parent(parent)
            sys.exit(run_wsgi(str(folder / f"{kind}.conf"), f"{kind}-server", verbose=True))
    # One that ends takes the others with it: whoever started all of them sees that something is wrong.
    os.wait()
    sys.exit(1)


if __name__ == "__main__":
    main()
