"""`rosterhold simulate` as a user calls it."""

import json
import signal
import subprocess
import sys
import time

import pytest

from rosterhold.simulator.generate import generate_district

RUN = (sys.executable, "-c", "from rosterhold.cli.main import run; run()", "simulate")


def simulate(*arguments, url=None):
    address = [] if url is None else ["--url", url]
    return subprocess.run(
        [*RUN, *arguments, *address], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def running(serve):
    return serve(generate_district(1, 200))


def test_it_serves_until_interrupted_and_says_where():
    with subprocess.Popen(
        [*RUN, "--people", "50", "--port", "0", "--json"], stdout=subprocess.PIPE, text=True
    ) as process:
        lines = []
        while not lines or lines[-1] != "}\n":
            lines.append(process.stdout.readline())
        facts = json.loads("".join(lines))
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
    assert facts["client_id"] == "demo-client"
    assert facts["oauth_url"] == f"{facts['api_url']}oauth"
    assert len(facts["districts"]) == 1


def test_a_change_is_done_and_printed_as_one_document(running):
    done = simulate("change", "remove-students", "count=3", "--json", url=running.server.url)
    assert done.returncode == 0
    assert json.loads(done.stdout)["change"] == "remove-students"


@pytest.mark.parametrize(
    "name", ["remove-school", "year-end", "rekey", "emergency-contacts", "revoke"]
)
def test_a_change_needs_no_parameters(running, name):
    assert simulate("change", name, url=running.server.url).returncode == 0


def test_a_fault_is_set_and_healed(running):
    url = running.server.url
    assert simulate("fail", "429", "--times", "2", "--path", "users", url=url).returncode == 0
    assert running.get("/v3.0/users").status == 429
    assert simulate("heal", url=url).returncode == 0
    assert running.get("/v3.0/users").status == 200


def test_the_state_is_one_document(running):
    state = json.loads(simulate("state", "--json", url=running.server.url).stdout)
    assert state["districts"][0]["counts"]["schools"] == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["change", "fly"], "no change is called 'fly'"),
        (["change", "rekey", "students"], "'students' is not key=value"),
        (["fail", "999"], "no fault is called '999'"),
    ],
)
def test_an_error_is_one_line_on_standard_error(running, arguments, sentence):
    done = simulate(*arguments, url=running.server.url)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_simulator_is_told():
    done = simulate("state", url="http://127.0.0.1:9")
    assert (done.returncode, "no simulator answers" in done.stderr) == (2, True)


def test_a_server_starts_and_stops_within_a_second(serve):
    began = time.monotonic()
    running = serve(generate_district(1, 50))
    assert running.get("/v3.0/districts").status == 200
    running.server.stop()
    assert time.monotonic() - began < 1
