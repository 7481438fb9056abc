"""The program ``droppr``, also as ``python -m droppr_client``."""

from __future__ import annotations

import sys

from droppr_client.exit_codes import INTERRUPTED
from droppr_client.hidden import hide_secrets


def main() -> None:
    """Run the command line; Ctrl-C while it is still loading ends it as quietly as later."""
    hide_secrets()
    try:
        from droppr_client.cli import main as command_line
        from droppr_client.output import tell_faults

        tell_faults()
        command_line()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
