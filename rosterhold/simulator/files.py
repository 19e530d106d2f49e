"""Districts from saved API answers: a folder with a file for each list."""

from pathlib import Path

from rosterhold.simulator.district import District, district_info
from rosterhold.simulator.generate import DEFAULT_MOMENT
from rosterhold.simulator.instants import instant
from rosterhold.simulator.records import KINDS, Record, decode

REQUIRED = ("users", "sections", "schools")


class DistrictFilesError(ValueError):
    """Raised when a folder holds no district, or a file in it is not a saved answer."""


def load_district(folder: Path | str) -> District:
    """Read users.json, sections.json, schools.json; districts, terms and courses if there.

    Each file is one answer of a list: `{"data": [{"data": {...}, "uri": ...}], "links": [...]}`.

    Raises:
        DistrictFilesError: a file is missing or is no such answer.
    """
    place = Path(folder)
    if not place.is_dir():
        raise DistrictFilesError(f"there is no folder {place}")
    lists = {kind: _records(place / f"{kind}.json", needed=kind in REQUIRED) for kind in KINDS}
    found = _records(place / "districts.json", needed=False)
    info = found[0] if found else _guessed_info(lists["users"], place)
    district = District(info)
    for kind, records in lists.items():
        for record in records:
            district.add(kind, record)
            district.ids.follow(record["id"])
    district.settle()
    return district


def _guessed_info(users: list[Record], place: Path) -> Record:
    if not users:
        raise DistrictFilesError(f"{place} names no district: districts.json and users are missing")
    stamp = instant(DEFAULT_MOMENT)
    return district_info(identifier=users[0]["district"], name=place.name, last_sync=stamp)


def _records(path: Path, *, needed: bool) -> list[Record]:
    if not path.is_file():
        if needed:
            raise DistrictFilesError(f"{path} is missing")
        return []
    try:
        answer = decode(path.read_bytes())
        records = [item["data"] for item in answer["data"]]
        if not all(isinstance(record["id"], str) for record in records):
            raise DistrictFilesError(f"{path} holds a record whose id is no text")
    except (KeyError, TypeError, ValueError) as error:
        raise DistrictFilesError(f"{path} is no saved answer of a list: {error}") from error
    return records
