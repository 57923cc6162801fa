"""How the database finds the rows of a statement, asked with the very parameters the portal sends."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.expression import Executable

from portal.db import db, end_reading


class _Explained(Executable, ClauseElement):
    """A statement that is explained instead of answered."""

    inherit_cache = False

    def __init__(self, statement: Any) -> None:
        self.statement = statement


@compiles(_Explained)
def _in_sql(element: _Explained, compiler: SQLCompiler, **kwargs: Any) -> str:
    word = "EXPLAIN QUERY PLAN" if compiler.dialect.name == "sqlite" else "EXPLAIN"
    return f"{word} {compiler.process(element.statement, **kwargs)}"


def plan_of(statement: Any, values: Mapping[str, Any]) -> str:
    """The plan, a step a line."""
    rows = db.session.connection().execute(_Explained(statement), dict(values)).all()
    end_reading()
    return "\n".join(str(row[-1]) for row in rows)


def check(what: str, plan: str, *, names: str = "", never: tuple[str, ...] = ()) -> None:
    """Raise SystemExit when the plan does not name this index, or reads one of these tables from end to end."""
    read = [table for table in never if f"Seq Scan on {table}" in plan or f"SCAN {table}" in plan]
    if names not in plan:
        raise SystemExit(f"{what} does not go by {names}:\n{plan}")
    if read:
        raise SystemExit(f"{what} reads {', '.join(read)} from end to end:\n{plan}")
