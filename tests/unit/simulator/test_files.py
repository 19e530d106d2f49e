"""Districts read from saved answers."""

import json

import pytest

from rosterhold.simulator.files import DistrictFilesError, load_district


def test_the_demo_district_is_read_whole(shared):
    counts = load_district(shared / "clever/demo-district").counts()
    assert counts == {
        "schools": 5,
        "terms": 0,
        "courses": 0,
        "sections": 378,
        "student": 1004,
        "teacher": 89,
        "staff": 0,
        "district_admin": 3,
        "contact": 1002,
    }


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(DistrictFilesError, match="there is no folder"):
        load_district(tmp_path / "nowhere")


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(DistrictFilesError, match=r"schools\.json is missing"):
        load_district(tmp_path)


def test_a_file_that_is_no_answer_is_told(tmp_path):
    for name in ("schools", "sections", "users"):
        (tmp_path / f"{name}.json").write_text(json.dumps({"data": [1]}))
    with pytest.raises(DistrictFilesError, match=r"schools\.json is no saved answer"):
        load_district(tmp_path)
