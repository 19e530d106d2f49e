"""A clock that is wrong by CHAOS_CLOCK_S seconds, for every Python with this folder on its path.

The interpreter imports this before anything else, so the program that runs knows no other time. The
type of all datetimes is changed in place: a class of our own would not be the one that libraries
written in C make.
"""

import ctypes
import gc
import os
import time
from datetime import datetime, timedelta

WRONG_BY_S = float(os.environ.get("CHAOS_CLOCK_S", "0"))

if WRONG_BY_S:
    right_time, right_now, right_utcnow = time.time, datetime.now, datetime.utcnow
    wrong_by = timedelta(seconds=WRONG_BY_S)
    time.time = lambda: right_time() + WRONG_BY_S
    time.time_ns = lambda: int((right_time() + WRONG_BY_S) * 1e9)
    (methods,) = (found for found in gc.get_referents(datetime.__dict__) if isinstance(found, dict))
    methods["now"] = classmethod(lambda _, tz=None: right_now(tz) + wrong_by)
    methods["utcnow"] = classmethod(lambda _: right_utcnow() + wrong_by)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime))
