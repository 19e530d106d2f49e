"""The commands of the page for beginners, typed as they stand there."""

import re
import shlex
from pathlib import Path

from doubles.command_line import CommandLine, Said

from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World

PAGE = Path(__file__).parents[3] / "docs/getting-started.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
# The second sync of the page is on hold.
ENDS_WITH_3 = 5


def test_the_commands_of_the_page_work_as_they_stand(rosterhold: CommandLine, monkeypatch):
    simulate, commands = (block.splitlines() for block in BLOCK.findall(PAGE.read_text()))
    assert simulate == ["rosterhold simulate --people 2000"]
    with SimulatorServer(World([generate_district(1, 2_000)])) as server:
        monkeypatch.setenv("ROSTERHOLD_CLEVER_API_URL", server.api_url)
        monkeypatch.setenv("ROSTERHOLD_CLEVER_OAUTH_URL", server.oauth_url)
        known = {"DISTRICT": server.world.district().id}
        codes = []
        for line in commands:
            said = types(rosterhold, line, known, server.url)
            codes.append(said.code)
            if "hold show" in line:
                known["DIGEST"] = re.findall(r"\b[0-9a-f]{64}\b", said.out)[0]
    assert codes == [3 if number == ENDS_WITH_3 else 0 for number in range(len(commands))]
    assert "completed" in said.out
    assert Path("students.csv").read_text().count("\n") > 500


def types(rosterhold: CommandLine, line: str, known: dict[str, str], url: str) -> Said:
    words = [known.get(word, word) for word in shlex.split(line)[1:]]
    # The page has the stand-in at its usual port.
    return rosterhold(*words, *(["--url", url] if words[0] == "simulate" else []))
