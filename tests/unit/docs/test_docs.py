"""What the documents say is there."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer

from rosterhold.cli.main import TRACEBACK_KEY, app
from rosterhold.config.settings import CONFIG_KEY, NAMES, PREFIX, Settings
from rosterhold.statemachine.policy import Policy
from rosterhold.statemachine.rules import RULES
from rosterhold.web.words import ACTIONS

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
SETTINGS_PAGE = ROOT / "docs/settings.md"
HOLD_PAGE = ROOT / "docs/how-a-hold-works.md"

SETTINGS = {PREFIX + name.upper() for name in NAMES}
# What is read from the environment and is no setting of the service.
OTHER_KEYS = {
    CONFIG_KEY,
    TRACEBACK_KEY,
    "ROSTERHOLD_TEST_DATABASE_URL",
    "ROSTERHOLD_TEST_REDIS_URL",
    "ROSTERHOLD_SIMULATION_RUNS",
}

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PATH = re.compile(r"`(\w[\w.-]*/[\w./-]*)`")
_SPAN = re.compile(r"`(rosterhold [^`]+)`")


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-") for line in headings}


def _broken(page: Path) -> Iterator[str]:
    """The links of a page to other files, and to headings, that lead nowhere."""
    for link in _LINK.findall(page.read_text()):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            yield f"{page.relative_to(ROOT)}: {link}"


def test_every_relative_link_leads_somewhere():
    assert not [link for page in PAGES for link in _broken(page)]


def test_every_path_that_is_named_exists():
    """Paths are below the root or, in sentences about the code, below the package."""
    for page in PAGES:
        for path in _PATH.findall(page.read_text()):
            folder = path.partition("/")[0]
            for root in (ROOT, ROOT / "rosterhold"):
                if (root / folder).is_dir() and folder != "var":
                    assert (root / path).exists(), f"{page.relative_to(ROOT)}: {path}"


def test_every_page_of_the_docs_is_named_in_their_index():
    index = (ROOT / "docs/index.md").read_text()
    decisions = (ROOT / "docs/decisions/README.md").read_text()
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "index.md" or f"({page.name})" in index
    for page in (ROOT / "docs/decisions").glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in decisions


def test_the_pages_name_only_settings_that_there_are():
    named = {key for page in PAGES for key in re.findall(r"\bROSTERHOLD_[A-Z_]+", page.read_text())}
    assert named <= SETTINGS | OTHER_KEYS


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_described_with_its_default(name):
    row = _row(SETTINGS_PAGE, PREFIX + name.upper())
    assert _shown(name, getattr(Settings(), name)) in row


def _shown(name: str, default: object) -> str:
    if name == "secret_keys":
        return "made"
    if default in {None, ()}:
        return "absent"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


@pytest.mark.parametrize("limit", msgspec.structs.fields(Policy), ids=lambda limit: limit.name)
def test_every_limit_is_described_with_its_default(limit):
    default = limit.default
    shown = ",".join(default) if isinstance(default, tuple) else f"{default}"
    assert f"| `{shown}` |" in _row(SETTINGS_PAGE, limit.name)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_described(rule):
    assert _row(HOLD_PAGE, rule)


@pytest.mark.parametrize("button", ACTIONS.values())
def test_every_button_is_described(button):
    assert f"| {button} |" in HOLD_PAGE.read_text()


@cache
def _commands() -> tuple[tuple[str, str], ...]:
    """Page and text of each `rosterhold …` command that is named anywhere."""
    found = set()
    for page in [*PAGES, ROOT / "Procfile"]:
        text = page.read_text()
        blocks = [text] if page.name == "Procfile" else _BLOCK.findall(text)
        lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
        commands = [re.sub(r"^(\$|\w+:) ", "", line) for line in lines]
        spans = [] if page.name == "Procfile" else _SPAN.findall(_BLOCK.sub("", text))
        found |= {
            (page.relative_to(ROOT).as_posix(), command)
            for command in [*commands, *spans]
            if command.startswith("rosterhold ") and "…" not in command
        }
    return tuple(sorted(found))


@pytest.mark.parametrize(("page", "command"), _commands())
def test_a_command_that_is_named_exists_with_its_options(page, command):
    del page
    found: Any = typer.main.get_command(app)
    options = {"--help": True}
    words = iter(shlex.split(command)[1:])
    for position, word in enumerate(words):
        options |= {name: _is_flag(option) for option in found.params for name in option.opts}
        if word.startswith("--"):
            assert word in options
            if not options[word]:
                next(words, None)
        elif word in getattr(found, "commands", {}):
            child = found.commands[word]
            found = child.load() if hasattr(child, "load") else child
        else:
            assert position, f"there is no command {word}"
            assert not getattr(found, "commands", {}), f"{found.name} has no command {word}"


def _is_flag(option: Any) -> bool:
    return getattr(option, "is_flag", False)


def test_the_machines_run_is_made_of_the_tasks_of_make():
    run = (ROOT / ".ci/run").read_text()
    assert re.findall(r"^.*\b(make (?:[a-z-]+))\b.*$", _lines_that_run(run), re.MULTILINE) == [
        "make install",
        "make lint",
        "make site",
        "make release-check",
        "make test",
    ]


def _lines_that_run(script: str) -> str:
    """The lines of a shell script that run something."""
    said = ("#", "step ", "echo ")
    return "\n".join(line for line in script.splitlines() if not line.lstrip().startswith(said))


def _row(page: Path, name: str) -> str:
    """The line of a table that describes a name."""
    rows = [line for line in page.read_text().splitlines() if line.startswith(f"| `{name}` |")]
    assert len(rows) == 1, f"{page.name} describes {name} {len(rows)} times"
    return rows[0]
