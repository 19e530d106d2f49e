"""Asking a database, of either kind, with plain SQL."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row

# A query → its rows, with columns as attributes; JSON is decoded.
Rows = Callable[[str], list[Any]]


def of_postgres(url: str) -> Rows:
    def rows(query: str) -> list[Any]:
        with psycopg.connect(url, row_factory=namedtuple_row) as conn:
            return conn.execute(query).fetchall()

    return rows


def of_sqlite(path: Path) -> Rows:
    def rows(query: str) -> list[Any]:
        with closing(sqlite3.connect(path, timeout=30)) as conn:
            found = conn.execute(query)
            names = [column[0] for column in found.description]
            return [
                SimpleNamespace(**dict(zip(names, map(_decoded, row), strict=True)))
                for row in found.fetchall()
            ]

    return rows


def _decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value[:1] in {"{", "["} else value
