"""Those who tell people from programs, each fulfilling ``core.ports.guards.CaptchaProvider``."""
