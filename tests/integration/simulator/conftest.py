"""The simulator on a real port, and a reader of it that follows no redirect and hides nothing."""

import base64
import json
import urllib.error
import urllib.request
from dataclasses import dataclass

import pytest

from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def links(self):
        return {link["rel"]: link["uri"] for link in self.json["links"]}

    @property
    def ids(self):
        return [item["data"]["id"] for item in self.json["data"]]


class Reader:
    def __init__(self, server):
        self.server = server
        self.world = server.world
        self.token = next(iter(self.world.districts.values())).token

    def get(self, path, token=None, **headers):
        return self.send("GET", path, Authorization=f"Bearer {token or self.token}", **headers)

    def oauth(self, path, app="demo-client:demo-secret"):
        code = base64.b64encode(app.encode()).decode()
        return self.send("GET", path, Authorization=f"Basic {code}")

    def admin(self, method, name, body=None):
        data = None if body is None else json.dumps(body).encode()
        return self.send(method, f"/_simulator/{name}", data)

    def send(self, method, path, data=None, **headers):
        request = urllib.request.Request(
            self.server.url + path, data=data, method=method, headers=headers
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return Reply(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            return Reply(error.code, dict(error.headers), error.read())

    def all(self, path):
        """Follow the next links; gives every record in the order of the pages."""
        records, uri = [], path
        while uri is not None:
            reply = self.get(uri)
            records += [item["data"] for item in reply.json["data"]]
            uri = reply.links.get("next")
        return records


@pytest.fixture
def serve():
    """Start a server for districts; it is stopped after the test."""
    servers = []

    def start(*districts, **world):
        servers.append(SimulatorServer(World(districts, **world)).start())
        return Reader(servers[-1])

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def district():
    return generate_district(7, 600)


@pytest.fixture
def clever(serve, district):
    return serve(district)
