"""Lists of ids or words that a column holds as text: a sorted JSON array, such as ``["a","b"]``.

Few distinct texts stand in many rows (the schools of a student, the types of a link), so each
distinct text is read once and joined back.
"""

import polars as pl


def items_of(texts: pl.Series) -> pl.DataFrame:
    """The items of each distinct text: one row an item, in columns ``text`` and ``item``.

    Empty texts and empty items give no row.

    Raises:
        polars.exceptions.ComputeError: a text is not a JSON array of strings.
    """
    distinct = pl.DataFrame({"text": texts.unique()}, schema={"text": pl.String()})
    return (
        distinct.filter(pl.col("text") != "")
        .with_columns(pl.col("text").str.json_decode(pl.List(pl.String())).alias("item"))
        .explode("item")
        .filter(pl.col("item") != "")
        .unique()
    )


def replaced_in_lists(column: str, old: pl.Series, new: pl.Series) -> pl.Expr:
    """A list column with some of its items replaced, sorted and written again."""
    items = (
        pl.col(column)
        .str.json_decode(pl.List(pl.String()))
        .list.eval(pl.element().replace(old, new))
        .list.sort()
    )
    inside = items.list.eval(pl.concat_str(pl.lit('"'), pl.element(), pl.lit('"'))).list.join(",")
    return (
        pl.when(pl.col(column) == "")
        .then(pl.lit(""))
        .otherwise(pl.concat_str(pl.lit("["), inside, pl.lit("]")))
        .alias(column)
    )
