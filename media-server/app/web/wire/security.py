"""The headers that every answer carries: what a browser may do with it."""

from __future__ import annotations

from collections.abc import Sequence

from app.settings import Settings

NOBODY = "'none'"
_CAPTCHA_HOSTS = {
    "altcha": "",
    "turnstile": " https://challenges.cloudflare.com",
    "hcaptcha": " https://hcaptcha.com https://*.hcaptcha.com",
}


def security_headers(settings: Settings, *, frame_ancestors: Sequence[str] = ()) -> dict[str, str]:
    """What every answer carries, in frames of nobody's but ``frame_ancestors``. Only the owner's choice of an outside
    captcha, or of a store that senders reach, lets another host in."""
    captcha = _CAPTCHA_HOSTS[settings.captcha_provider]
    store = f" {settings.store_public_url}" if settings.store_public_url else ""
    policy = (
        f"default-src 'self'; script-src 'self'{captcha}; frame-src 'self'{captcha}; connect-src 'self'{captcha}{store}; "
        f"style-src 'self'{captcha}; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
        f"form-action 'self'; frame-ancestors {' '.join(frame_ancestors) or NOBODY}"
    )
    secure = {"Strict-Transport-Security": "max-age=31536000"} if settings.tls_cert else {}
    # The older header knows no list.
    unframed = {} if frame_ancestors else {"X-Frame-Options": "DENY"}
    return {
        **secure,
        **unframed,
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
