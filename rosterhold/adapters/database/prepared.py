"""Statements as PostgreSQL's driver takes them: SQLAlchemy's part of the work is done once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A compiled statement.

    Attributes:
        sql: in the driver's words.
        constants: parameters that are the same each time.
        adapted: what makes of a parameter what the driver takes.
        results: what makes of a column, by its place in a row, what the driver gives.
    """

    sql: str
    constants: Mapping[str, Any]
    adapted: Mapping[str, Convert]
    results: Mapping[int, Convert]

    def parameters(self, values: Mapping[str, Any]) -> dict[str, Any]:
        given = {**self.constants, **values}
        for name, adapt in self.adapted.items():
            given[name] = adapt(given[name])
        return given

    def row(self, given: Sequence[Any]) -> list[Any]:
        row = list(given)
        for place, read in self.results.items():
            row[place] = read(row[place])
        return row


def prepare(
    statement: Any,
    dialect: sa.Dialect,
    *,
    types: Mapping[str, sa.types.TypeEngine[Any]],
    columns: Iterable[sa.ColumnElement[Any]] = (),
) -> Prepared:
    """Compile a statement.

    Args:
        statement: without lists that are expanded later.
        dialect: the database's.
        types: those of the parameters.
        columns: those of its rows, in order.
    """
    compiled = statement.compile(dialect=dialect)
    adapted = {
        name: adapt
        for name, kind in types.items()
        if (adapt := kind.dialect_impl(dialect).bind_processor(dialect))
    }
    constants = {
        name: parameter.effective_value
        for name, parameter in compiled.binds.items()
        if not parameter.required
    }
    results = {
        place: read
        for place, column in enumerate(columns)
        if (read := column.type.dialect_impl(dialect).result_processor(dialect, None))
    }
    return Prepared(str(compiled), constants, adapted, results)
