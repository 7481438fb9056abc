"""Those who tell people from programs, each fulfilling ``core.ports.CaptchaProvider``."""

from __future__ import annotations

from app.captcha.altcha import AltchaCaptcha
from app.captcha.siteverify import SiteVerifyCaptcha, SiteVerifyKeys
from app.core.ports import Attempts, CaptchaProvider, Clock
from app.settings import InvalidSettings, Settings
from app.storage import secret_file


def build_captcha(settings: Settings, attempts: Attempts, clock: Clock) -> CaptchaProvider:
    """The provider that the settings name. Raises InvalidSettings where its keys are missing."""
    name = settings.captcha_provider
    if name == "altcha":
        key, _ = secret_file.load_or_create(settings.data_dir / "captcha_key")
        return AltchaCaptcha(key=key, attempts=attempts, clock=clock)
    if not settings.captcha_site_key or not settings.captcha_secret_key:
        raise InvalidSettings(f"DROPPR_CAPTCHA_SITE_KEY and DROPPR_CAPTCHA_SECRET_KEY: {name} needs both.")
    keys = SiteVerifyKeys(settings.captcha_site_key, settings.captcha_secret_key)
    return SiteVerifyCaptcha(name=name, keys=keys, attempts=attempts, verify_url=settings.captcha_verify_url)
