"""CurrentSettings: those of the environment, and over what it leaves open what owners have set since."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.changeable import BY_NAME, text_of
from app.core.errors import Busy
from app.core.ports.settings import Current, KeptSettings, SettingsStore
from app.settings import Settings

T = TypeVar("T")

MAX_TEXT = 4096
"""Characters of one setting."""
_NAMED = re.compile(r"DROPPR_([A-Z_]+)")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
WITH_A_PATH = "An address with a path of its own is set where the server is started, as nginx has to know it, too: DROPPR_PUBLIC_URL."

log = logging.getLogger("droppr.settings")


class UnsoundSettings(Exception):
    """What is kept, or would be, makes no sense: ``fields`` has a sentence for each setting."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = fields
        super().__init__("\n".join(f"{name}: {problem}" for name, problem in fields.items()))


def with_kept(base: Settings, values: Mapping[str, str]) -> Settings:
    """The settings of the environment with ``values`` for what it leaves open. Raises UnsoundSettings."""
    open_ones = {name: text for name, text in values.items() if name not in base.model_fields_set}
    problems = {name: "Leave out what cannot be seen." for name, text in open_ones.items() if _UNPRINTABLE.search(text)}
    problems |= {name: f"At most {MAX_TEXT} characters." for name, text in open_ones.items() if len(text) > MAX_TEXT}
    problems |= {name: "There is no such setting." for name in values if name not in BY_NAME}
    if problems:
        raise UnsoundSettings(problems)
    fixed = {name: getattr(base, name) for name in BY_NAME if name in base.model_fields_set}
    try:
        judged = _judged({**open_ones, **fixed})
    except ValidationError as error:
        raise UnsoundSettings(_problems(error)) from None
    if judged.public_path != base.public_path:
        raise UnsoundSettings({"public_url": WITH_A_PATH})
    return base.model_copy(update={name: getattr(judged, name) for name in open_ones})


def _judged(values: Mapping[str, Any]) -> Settings:
    """Settings of these values alone: the environment, which Settings reads by itself, has had its say."""
    made = Settings.__new__(Settings)
    BaseModel.__init__(made, **values)
    return made


def _problems(error: ValidationError) -> dict[str, str]:
    """A sentence for each setting; what is wrong with two together is told of the one that it names last."""
    found: dict[str, str] = {}
    for each in error.errors():
        text = each["msg"].removeprefix("Value error, ")
        named = [name.lower() for name in _NAMED.findall(text) if name.lower() in BY_NAME]
        name = str(each["loc"][0]) if each["loc"] else (named or ["smtp_url"])[-1]
        found.setdefault(name, text)
    return found


class CurrentSettings:
    """The settings that count now, for all who ask: an attribute, which ``look`` renews."""

    def __init__(self, base: Settings, store: SettingsStore) -> None:
        """Raises Busy."""
        self.base = base
        self._store = store
        self._kept = KeptSettings()
        self._now = base
        self._followers: list[Callable[[Settings], None]] = []
        self._take(store.load())

    def __call__(self) -> Settings:
        return self._now

    @property
    def logo(self) -> bytes | None:
        """The picture that was set here; None where there is none, or the environment names one."""
        return None if self._now.logo else self._kept.logo

    def look(self) -> None:
        """Take up what another process has changed."""
        try:
            if self._store.version() != self._kept.version:
                self._take(self._store.load())
        except Busy:
            pass  # The next look does.

    def follow(self, told: Callable[[Settings], None]) -> None:
        """Tell ``told`` the settings that count, now and after each change."""
        self._followers.append(told)
        told(self._now)

    def derived(self, make: Callable[[Settings], T]) -> Current[T]:
        """What ``make`` makes of the current settings, made anew only when these are others."""
        made: tuple[Settings, T] | None = None

        def current() -> T:
            nonlocal made
            now = self._now
            found = made
            if found is None or found[0] is not now:
                found = made = now, make(now)
            return found[1]

        return current

    def is_fixed(self, name: str) -> bool:
        """Whether the environment sets it."""
        return name in self.base.model_fields_set

    def is_kept(self, name: str) -> bool:
        """Whether an owner has set it."""
        return name in self._kept.values

    def _take(self, kept: KeptSettings) -> None:
        try:
            self._now = with_kept(self.base, kept.values)
        except UnsoundSettings:
            self._now = self._sound_ones(kept.values)
        self._kept = kept
        for each in self._followers:
            each(self._now)

    def _sound_ones(self, values: Mapping[str, str]) -> Settings:
        """What was sound when it was set may not go with another environment, or another version. The server runs all the same."""
        sound = dict(values)
        while sound:
            try:
                return with_kept(self.base, sound)
            except UnsoundSettings as error:
                for name in [each for each in error.fields if each in sound] or _beside(error.fields, sound):
                    del sound[name]
                    log.warning("a setting does not count", extra={"setting": name, "why": error.fields.get(name)})
        return self.base


def _beside(names: Iterable[str], sound: Iterable[str]) -> list[str]:
    """Those that are about the same as ``names``, as what is missing cannot be left out; all where there is none."""
    groups = {BY_NAME[each].group for each in names if each in BY_NAME}
    return [each for each in sound if BY_NAME[each].group in groups] or [*sound]


def shown(settings: Settings, name: str) -> str:
    """A setting's value as one writes it."""
    return text_of(getattr(settings, name))
