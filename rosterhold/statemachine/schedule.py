"""When a district is synced by itself: once a night, spread so that not all go at once."""

import hashlib
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

# Clever reads districts in the evening and advises apps to read after that (Clever, How often
# will my data sync). A district's own minute of the night is drawn from its id.
NIGHT_BEGINS: Final = time(19, 0)
NIGHT_MINUTES: Final = 600


def last_slot(district_id: str, time_zone: str, now: datetime) -> datetime:
    """The newest slot of a district's nightly schedule that is not after `now`, in UTC.

    A slot is a time of the clock on the wall: in the night of a clock change it is the same hour.
    """
    zone = ZoneInfo(time_zone)
    minute = int.from_bytes(hashlib.sha256(district_id.encode()).digest()[:4]) % NIGHT_MINUTES
    evening = now.astimezone(zone).date()
    for days_ago in range(3):
        begins = datetime.combine(evening - timedelta(days=days_ago), NIGHT_BEGINS)
        slot = (begins + timedelta(minutes=minute)).replace(tzinfo=zone)
        if slot <= now:
            return slot.astimezone(now.tzinfo)
    raise AssertionError("a night comes every day")
