"""Those who tell people from programs, each fulfilling ``core.ports.guards.CaptchaProvider``."""

from __future__ import annotations

from app.core.ports.guards import Attempts, CaptchaProvider, Clock
from app.core.ports.shared import Secrets
from app.settings import Settings
from app.storage.captcha.altcha import AltchaCaptcha
from app.storage.captcha.siteverify import SiteVerifyCaptcha, SiteVerifyKeys


def build_captcha(settings: Settings, secrets: Secrets, attempts: Attempts, clock: Clock) -> CaptchaProvider:
    """The provider that the settings name."""
    name = settings.captcha_provider
    if name == "altcha":
        return AltchaCaptcha(key=secrets.get("captcha_key"), attempts=attempts, clock=clock)
    # The settings have made sure that both are there.
    keys = SiteVerifyKeys(settings.captcha_site_key or "", settings.captcha_secret_key or "")
    return SiteVerifyCaptcha(name=name, keys=keys, attempts=attempts, verify_url=settings.captcha_verify_url)
