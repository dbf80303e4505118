"""Many rows into a table of the metadata database at once. Django's own way takes longer to write such a statement than
the database to run it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model


def upsert(
    model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]], *, key: Sequence[str] = ()
) -> None:
    """Inserts rows, or changes those that have the same key. The names are those of the table's columns."""
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, columns))
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({', '.join(['%s'] * len(columns))})"  # noqa: S608, SLF001 -- names of our own
    if key:
        changes = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in columns if name not in key)
        sql += f" ON CONFLICT ({', '.join(map(quote, key))}) DO UPDATE SET {changes}"
    values = [[_prepared(value) for value in row] for row in rows]
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(sql, values)


def _prepared(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value
