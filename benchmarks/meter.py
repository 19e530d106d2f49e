"""What it costs a process to count: CPU time of each call, and of writing what was counted."""

import sys
import tempfile
import time
from pathlib import Path

from rosterhold.adapters import metrics
from rosterhold.adapters.database import meters, migrations
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.metrics import Meter

TIMES = 200_000


def main() -> None:
    meter = Meter()
    began = time.process_time()
    for _ in range(TIMES):
        meter.count(metrics.TRANSITIONS, "applied", "completed")
    counted = time.process_time()
    for number in range(TIMES):
        meter.observe(metrics.STEP_SECONDS, "fetch", value=number / TIMES)
    observed = time.process_time()
    print(f"count:   {(counted - began) / TIMES * 1e9:6.0f} ns")
    print(f"observe: {(observed - counted) / TIMES * 1e9:6.0f} ns")
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(folder) / 'rosterhold.db'}"
        database = Database(url)
        migrations.upgrade(database)
        meters.write(database, meter)
        spent = []
        for _ in range(50):
            for step in ("fetch", "evaluate", "apply", "resume", "email"):
                for seconds in metrics.STEP_SECONDS.buckets:
                    meter.observe(metrics.STEP_SECONDS, step, value=seconds)
            before = time.perf_counter()
            meters.write(database, meter)
            spent.append(time.perf_counter() - before)
        database.dispose()
    print(f"write of 50 series: {sorted(spent)[25] * 1e3:.1f} ms, every {meters.WRITE_EVERY_S} s")


if __name__ == "__main__":
    main()
