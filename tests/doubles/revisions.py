"""What the revisions of the database do, taken down instead of done."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations, ops
from alembic.operations.base import AbstractOperations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from rosterhold.adapters.database import migrations

# Rows may be changed; how full pages are is set without holding up anybody.
MAY_SAY = re.compile(
    r"\s*((INSERT|UPDATE|DELETE|SET) |ALTER TABLE \w+ SET \(fillfactor = \d+\)\s*$)", re.IGNORECASE
)
# What holds a table for as long as all its rows take, or refuses what an older program writes.
CONSTRAINTS = (
    ops.CreateUniqueConstraintOp,
    ops.CreateForeignKeyOp,
    ops.CreateCheckConstraintOp,
    ops.CreatePrimaryKeyOp,
)
TAKES_AWAY = (ops.DropTableOp, ops.DropColumnOp, ops.DropConstraintOp, ops.AlterColumnOp)


@dataclass
class Revision:
    """One revision, and the operations it consists of."""

    name: str
    oldest_program: str | None = None
    operations: list[ops.MigrateOperation] = field(default_factory=list)

    def faults(self) -> Iterator[str]:
        """What may not be done beside programs that are older than this revision."""
        new = {op.table_name for op in self.operations if isinstance(op, ops.CreateTableOp)}
        for op in self.operations:
            if _table(op) not in new:
                yield from self._faults_of(op)

    def _faults_of(self, op: ops.MigrateOperation) -> Iterator[str]:
        match op:
            case ops.RenameTableOp():
                yield f"renames {op.table_name}: add the new one, and remove the old one later"
            case ops.AlterColumnOp(modify_name=str()):
                yield f"renames a column of {op.table_name}: add, fill, and remove later"
            case _ if isinstance(op, TAKES_AWAY) and not self._is_late_enough():
                yield f"{type(op).__name__} on {_table(op)}, which an older program may use"
            case ops.AddColumnOp():
                yield from _faults_of_column(op.table_name, op.column)
            case ops.CreateIndexOp() if not op.kw.get("postgresql_concurrently"):
                yield f"{op.index_name} locks {op.table_name}: make it concurrently"
            case ops.ExecuteSQLOp() if not MAY_SAY.match(str(op.sqltext)):
                yield f"says {op.sqltext!s:.40}: only rows may be changed in plain SQL"
            case _ if isinstance(op, CONSTRAINTS):
                yield f"{type(op).__name__} on {_table(op)}: an older program may break it"

    def _is_late_enough(self) -> bool:
        return self.oldest_program is not None and self.oldest_program < self.name


def _table(op: ops.MigrateOperation) -> str | None:
    name: str | None = getattr(op, "table_name", None) or getattr(op, "source_table", None)
    return name


def _faults_of_column(table: str, column: sa.Column[Any]) -> Iterator[str]:
    default = column.server_default
    if not column.nullable and default is None:
        yield f"{table}.{column.name} is NOT NULL and has no default: older programs leave it out"
    if default is not None and not isinstance(getattr(default, "arg", None), str):
        yield f"{table}.{column.name} has a computed default: PostgreSQL writes every row anew"
    if column.unique or column.foreign_keys or column.index:
        yield f"{table}.{column.name} brings a constraint or an index: make that by itself"


def every_revision() -> list[Revision]:
    """All of them, the first one first."""
    scripts = ScriptDirectory(str(migrations.FOLDER)).walk_revisions()
    return [of_module(script.module) for script in scripts][::-1]


def of_module(module: ModuleType) -> Revision:
    revision = Revision(module.revision, getattr(module, "oldest_program", None))
    with _taken_down(revision.operations):
        module.upgrade()
    return revision


def file_names() -> list[str]:
    return sorted(path.name for path in Path(migrations.FOLDER, "versions").glob("*.py"))


@contextmanager
def _taken_down(operations: list[ops.MigrateOperation]) -> Iterator[None]:
    """Alembic's `op` as the revisions call it; nothing reaches a database."""
    real = AbstractOperations.invoke

    def invoke(_self: AbstractOperations, operation: ops.MigrateOperation) -> Any:
        operations.append(operation)
        return None

    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "transaction_per_migration": True}
    )
    AbstractOperations.invoke = invoke  # type: ignore[method-assign]
    try:
        with Operations.context(context):
            yield
    finally:
        AbstractOperations.invoke = real  # type: ignore[method-assign]
