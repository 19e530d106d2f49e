import polars as pl

from rosterhold.roster.lists import items_of, replaced_in_lists


def test_each_distinct_text_is_read_once():
    texts = pl.Series(['["a","b"]', '["a","b"]', '["b"]', "", "[]", '[""]'])
    assert sorted(items_of(texts).iter_rows()) == [
        ('["a","b"]', "a"),
        ('["a","b"]', "b"),
        ('["b"]', "b"),
    ]


def test_no_texts_have_no_items():
    assert items_of(pl.Series([], dtype=pl.String())).is_empty()


def test_replaced_items_are_sorted_and_written_as_they_were():
    rows = pl.DataFrame({"ids": ['["a","b"]', "", "[]", '["c"]']})
    replaced = rows.select(replaced_in_lists("ids", pl.Series(["a"]), pl.Series(["z"])))
    assert replaced["ids"].to_list() == ['["b","z"]', "", "[]", '["c"]']
