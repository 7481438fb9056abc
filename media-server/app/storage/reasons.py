"""What an exception of a connection says of why there is none."""

from __future__ import annotations

import ssl

from app.core.reasons import Reason


def reason_of_error(error: BaseException) -> Reason:
    """By what caused it, too: libraries wrap what the system says in errors of their own."""
    kinds, seen = list[BaseException](), error
    while len(kinds) < 10:
        kinds.append(seen)
        cause = seen.__cause__ or seen.__context__
        if cause is None:
            break
        seen = cause
    if any(isinstance(each, ssl.SSLError) or type(each).__name__ == "SSLError" for each in kinds):
        return Reason.CERTIFICATE
    if any(isinstance(each, TimeoutError) or "Timeout" in type(each).__name__ for each in kinds):
        return Reason.TIMED_OUT
    return Reason.UNREACHABLE
