"""Put on PYTHONPATH, this shifts the clock of a Python program by the seconds in the file $MOVED_CLOCK, read anew each time.

Python imports a module of this name before anything else, so whoever takes ``time.time`` takes the shifted one.
"""

import os
import time

_real = time.time
_file = os.environ.get("MOVED_CLOCK", "")


def _shifted() -> float:
    with open(_file) as file:
        return _real() + float(file.read() or 0)


if _file:
    time.time = _shifted
