"""The proof of work that links ask for instead of a puzzle."""

from __future__ import annotations

from typing import Any

from droppr_client.upload.troubles import Refused

SECONDS = 90.0


def solved(challenge: dict[str, Any]) -> str:
    """The token for ``X-Captcha-Token``. Raises Refused where no solution is found."""
    # Most links never ask, and importing this takes as long as sending a few hundred small files.
    from altcha import Challenge, Payload, solve_challenge

    try:
        parsed = Challenge.from_dict(challenge)
        solution = solve_challenge(parsed, timeout=SECONDS)
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(
            "The link asks for a captcha of an unknown kind: open it in a browser.", "captcha_required"
        ) from error
    if solution is None:
        raise Refused("The captcha took this machine too long: open the link in a browser.", "captcha_required")
    token: str = Payload(parsed, solution).to_base64()
    return token
