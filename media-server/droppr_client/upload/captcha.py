"""The proof of work that links ask for instead of a puzzle."""

from __future__ import annotations

from typing import Any

from droppr_client.upload import wire
from droppr_client.upload.problems import Refused

MAX_SECONDS = 90.0
ALGORITHMS = ("PBKDF2/SHA-256", "PBKDF2/SHA-384", "PBKDF2/SHA-512", "SHA-256", "SHA-384", "SHA-512")
"""Those that take time and no memory."""
MAX_ITERATIONS = 1_000_000
"""Of one attempt, which cannot be broken off: about a second."""
MAX_KEY_BYTES = 64
"""Bytes."""
MAX_TEXT_LENGTH = 1024


def solved(challenge: dict[str, Any]) -> str:
    """The token for ``X-Captcha-Token``. Raises Refused where no solution is found."""
    # Most links never ask, and importing this takes as long as sending a few hundred small files.
    from altcha import Challenge, Payload, solve_challenge

    if not _is_modest(challenge.get("parameters")):
        raise Refused("The link asks for a captcha of an unknown kind: open it in a browser.", "captcha_required")
    try:
        parsed = Challenge.from_dict(challenge)
        solution = solve_challenge(parsed, timeout=MAX_SECONDS)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Refused(
            "The link asks for a captcha of an unknown kind: open it in a browser.", "captcha_required"
        ) from error
    if solution is None:
        raise Refused("The captcha took this machine too long: open the link in a browser.", "captcha_required")
    token: str = Payload(parsed, solution).to_base64()
    return token


def _is_modest(parameters: object) -> bool:
    """Whether attempts at it end: whoever asks chooses what they cost."""
    if not isinstance(parameters, dict):
        return False
    texts = [each for each in parameters.values() if isinstance(each, str)]
    return (
        parameters.get("algorithm") in ALGORITHMS
        and wire.whole(parameters.get("cost"), 1, MAX_ITERATIONS) is not None
        and wire.whole(parameters.get("keyLength", 32), 1, MAX_KEY_BYTES) is not None
        and all(len(each) <= MAX_TEXT_LENGTH for each in texts)
    )
