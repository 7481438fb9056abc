"""The program ``droppr``, also as ``python -m droppr_client``."""

from __future__ import annotations

import atexit
import gc
import sys

from droppr_client.exit_codes import INTERRUPTED
from droppr_client.hidden import hide_secrets

LOOK_EVERY = 50_000
"""How many more objects there are when Python looks for those that nobody can reach any more."""


def main() -> None:
    """Run the command line; Ctrl-C while it is still loading ends it as quietly as later."""
    hide_secrets()
    # What loading makes stays, and what is left at the end goes with the process: to look through it for what nobody can
    # reach any more would take a quarter of the time of a short command.
    gc.set_threshold(LOOK_EVERY)
    atexit.register(gc.freeze)
    try:
        from droppr_client.cli import main as command_line
        from droppr_client.output import tell_faults

        tell_faults()
        command_line()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
