"""The rules of CONTRIBUTING.md about how the code reads, as far as they can be counted."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[3]
CODE = ROOT / "rosterhold"
# Migrations are long lists of columns and are never changed again.
MIGRATIONS = CODE / "adapters/database/migrations/versions"
MODULES = sorted(path for path in CODE.rglob("*.py") if path.parent != MIGRATIONS)

LONGEST_FILE = 400
LONGEST_FUNCTION = 50
# The edges: a command, a worker process, its step, and a round of its sweep.
MAY_CATCH_ALL = {"cli/main.py", "workers/runner.py", "workers/sweep.py", "workers/unit.py"}
IMPORTS_HTTPX = {"adapters/http.py"}
NAMES_OF_LEFTOVERS = {"utils", "util", "helpers", "helper", "common", "misc"}


def _name(path: Path) -> str:
    return path.relative_to(CODE).as_posix()


def _nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text())))


def test_no_module_is_long_or_a_place_for_leftovers():
    long = [_name(path) for path in MODULES if len(path.read_text().splitlines()) > LONGEST_FILE]
    assert not long
    assert not [_name(path) for path in MODULES if path.stem in NAMES_OF_LEFTOVERS]


def test_no_function_is_long():
    long = [
        f"{_name(path)}: {node.name}"
        for path in MODULES
        for node in _nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert not long


def test_only_the_edges_catch_everything():
    assert {_name(path) for path in MODULES if any(map(_catches_all, _nodes(path)))} <= (
        MAY_CATCH_ALL
    )


def _catches_all(node: ast.AST) -> bool:
    if not isinstance(node, ast.ExceptHandler):
        return False
    caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(
        one is None or (isinstance(one, ast.Name) and one.id in {"Exception", "BaseException"})
        for one in caught
    )


def test_httpx_is_imported_in_one_module():
    found = set()
    for path in MODULES:
        for node in _nodes(path):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if any(name.split(".")[0] == "httpx" for name in names):
                found.add(_name(path))
    assert found == IMPORTS_HTTPX
