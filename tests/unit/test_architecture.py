"""The house stands as it is described: imports point down, every error and every setting is accounted for."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
from werkzeug.routing import Rule

from app import create_app
from app.core import errors
from app.settings import Settings
from app.web.wire.errors import STATUS

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "media-server" / "app"
DOCS = ROOT / "docs"
MAY_IMPORT = {
    "core": {"core"},
    "storage": {"storage", "core"},
    "services": {"services", "core"},
    "web": {"web", "services", "storage", "core", "settings", "changeable", "current", "wiring"},
}
# Six functions for Python callers, which are doors to the disk's own stores.
DOORS = APP / "services" / "parallel_chunks.py"
# What every protocol may use. Beside these each folder of the web is a protocol of its own.
OF_ALL_PROTOCOLS = {"server": {"server"}, "wire": {"wire", "server"}}
# What of the ground the web may look at: time, what is counted, what bounds a process.
NO_STORES = {"clock", "observer", "bounds"}
MOST_ARGUMENTS = 10
LONGEST_FUNCTION = 60
LONGEST_WIRING = 40
LONGEST_PORT = 120
# Below these nothing of the web, of the disk or of the clock is known.
FOREIGN_TO_CORE = {"flask", "werkzeug", "os", "io", "time", "socket", "pathlib", "sqlite3", "filelock"}


def modules() -> list[Path]:
    return sorted(APP.rglob("*.py"))


def by_folder(paths: Iterable[Path]) -> pytest.MarkDecorator:
    """A test for each folder: with one for each file, pytest would be most of the work."""
    folders: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(paths):
        folders[str(path.parent.relative_to(APP.parent))].append(path)
    return pytest.mark.parametrize("paths", list(folders.values()), ids=list(folders))


@cache
def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names.add(node.module or "")
    return names


def every_error() -> list[type[errors.UploadError]]:
    found = [errors.UploadError]
    for each in found:
        found += [child for child in each.__subclasses__() if child not in found]
    return found[1:]


@by_folder(modules())
def test_imports_point_down(paths: list[Path]) -> None:
    for path in paths:
        layer = path.relative_to(APP).parts[0].removesuffix(".py")
        ours = {name.split(".")[1] for name in imported(path) if name.startswith("app.")}
        assert ours - ({"storage"} if path == DOORS else set()) <= MAY_IMPORT.get(layer, ours), path
        may_wire = layer in ("__init__", "wiring") or path.name == "context.py"
        assert "app.wiring" not in imported(path) or may_wire, path


@by_folder((APP / "web").glob("*/*.py"))
def test_no_protocol_imports_another(paths: list[Path]) -> None:
    for path in paths:
        room = path.parent.name
        used = {name.split(".")[2] for name in imported(path) if name.startswith("app.web.")}
        assert used <= OF_ALL_PROTOCOLS.get(room, {room, *OF_ALL_PROTOCOLS}), path


@by_folder((APP / "web").rglob("*.py"))
def test_the_web_asks_no_store_past_the_services(paths: list[Path]) -> None:
    for path in paths:
        attributes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
        of_ground = [
            node.attr for node in attributes if isinstance(node.value, ast.Attribute) and node.value.attr == "ground"
        ]
        named = [node.attr for node in attributes]
        assert set(of_ground) <= NO_STORES, path
        assert named.count("ground") == len(of_ground), f"the ground has another name in {path}"
        assert "store" not in named, path


@by_folder((APP / "core").rglob("*.py"))
def test_the_core_is_pure(paths: list[Path]) -> None:
    for path in paths:
        foreign = {name.split(".")[0] for name in imported(path)} & FOREIGN_TO_CORE
        assert foreign <= ({"pathlib"} if path.parent.name == "ports" else set()), path


def test_only_the_settings_read_the_environment() -> None:
    readers = [path.name for path in modules() if "os.environ" in path.read_text() or "getenv" in path.read_text()]
    assert readers == ["settings.py"]


def test_all_json_that_is_written_is_json() -> None:
    """Left to itself, Python writes NaN and Infinity, which no browser can read."""
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "json.dumps":
                assert "allow_nan=False" in ast.unparse(node), f"{path}:{node.lineno}"


@pytest.mark.parametrize("error", every_error(), ids=lambda error: error.__name__)
def test_every_error_has_a_status_and_a_row_in_the_docs(error: type[errors.UploadError]) -> None:
    assert error in STATUS
    assert f"`{error.code}`" in (DOCS / "api.md").read_text()
    assert error.default[0].isupper()
    assert error.default.endswith(".")


def test_no_two_errors_look_alike() -> None:
    codes = [(STATUS[error], error.code) for error in every_error()]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("page", ["SECURITY.md", "docs/operations.md"])
def test_every_test_that_a_promise_names_is_there(page: str) -> None:
    named = set(re.findall(r"`((?:tests/\w+/)?test_\w+\.py)`", (ROOT / page).read_text()))
    found = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")}
    assert named
    assert named <= found | {path.rsplit("/", 1)[-1] for path in found}


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_in_the_docs(field: str) -> None:
    alias = Settings.model_fields[field].validation_alias
    names = getattr(alias, "choices", None) or [alias or f"DROPPR_{field.upper()}"]
    text = (DOCS / "configuration.md").read_text()
    assert all(f"`{name}`" in text for name in names)


def tree() -> list[Path]:
    """What the tree in docs/architecture.md names, by its place."""
    block = re.search(r"^## The tree\n\n((?: {4}.*\n)+)", (DOCS / "architecture.md").read_text(), re.MULTILINE)
    assert block
    named: list[Path] = []
    folders: list[Path] = [ROOT]
    for line in block[1].splitlines():
        depth = (len(line) - len(line.lstrip())) // 2 - 1
        for token in line.split():
            if not re.fullmatch(r"[\w./-]+(/|\.py|\.ts|\.mjs)", token):
                break
            named.append(folders[depth - 1] / token)
            if token.endswith("/"):
                folders[depth:] = [named[-1]]
    return named


def test_the_tree_on_the_page_is_the_one_on_the_disk() -> None:
    named = tree()
    assert [str(path) for path in named if not path.exists()] == []
    assert len(named) == len(set(named))
    modules = {path for path in (ROOT / "media-server").rglob("*.py") if path.name != "__init__.py"}
    assert sorted(map(str, modules - set(named))) == []


def rules(tmp_path: Path) -> list[Rule]:
    settings = Settings(data_dir=tmp_path / "data", admin_token="only-for-this-test", _env_file=None)  # type: ignore[call-arg]
    return list(create_app(settings).url_map.iter_rules())


def test_every_route_is_in_the_docs(tmp_path: Path) -> None:
    text = (DOCS / "api.md").read_text()
    for rule in rules(tmp_path):
        shown = str(rule).replace("<anypath:", "{").replace("<path:", "{").replace("<", "{").replace(">", "}")
        assert shown in text, shown


@by_folder([*modules(), *(ROOT / "media-server/droppr_client").rglob("*.py")])
def test_no_file_has_two_subjects_and_nothing_in_it_is_longer_than_its_reader_can_hold(paths: list[Path]) -> None:
    for path in paths:
        longest = LONGEST_WIRING if path.parent.name == "wiring" else LONGEST_FUNCTION
        text = path.read_text()
        assert len(text.splitlines()) <= (LONGEST_PORT if path.parent.name == "ports" else 400), path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < longest, f"{path}: {node.name}"
                arguments = [*node.args.args[1:], *node.args.kwonlyargs]
                assert node.name != "__init__" or len(arguments) <= MOST_ARGUMENTS, f"{path}:{node.lineno}"
