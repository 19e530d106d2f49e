"""The settings of what Clever's documentation leaves open, and of what an app can have set up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ALL_SCOPES = (
    "read:district_admins",
    "read:districts",
    "read:resources",
    "read:school_admins",
    "read:schools",
    "read:sections",
    "read:student_contacts",
    "read:students",
    "read:teachers",
    "read:user_id",
)

MESSAGES: Mapping[int, str] = {
    400: "Bad request",
    401: "Unauthorized",
    402: "Payment required",
    403: "Forbidden",
    404: "Resource not found",
    413: "limit may not be above 10000",
    500: "Internal server error",
    501: "Unsupported request",
    502: "Bad gateway",
    503: "Service unavailable",
}


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How the simulator answers where public material does not settle it.

    Each default is the documented or recorded form, else the natural one. Statuses are HTTP codes,
    `rate_window` is in seconds, `event_days` in days.
    """

    rate_limit: int = 1200
    rate_window: float = 60.0
    default_limit: int = 100
    max_limit: int = 10_000
    retry_after: bool = False
    multi_bucket_headers: bool = False

    bad_limit_status: int = 400
    over_limit_status: int = 413
    bad_cursor_status: int = 400
    count_with_data: bool = False
    ending_before_descending: bool = False
    whole_roles_under_filter: bool = True
    resources_body: Literal["recorded", "spec"] = "recorded"
    error_key: Literal["message", "error"] = "message"
    server_error_json: bool = True
    messages: Mapping[int, str] = field(default_factory=lambda: dict(MESSAGES))

    revoked_status: int = 401
    wrong_secret_status: int = 401
    out_of_scope_status: int = 404
    out_of_scope_message: str = "Resource not in token's scopes"
    contacts_need_scope: bool = True
    nothing_shared_status: int = 200
    scopes: tuple[str, ...] = ALL_SCOPES

    events_enabled: bool = True
    event_days: int = 30
    enrolment_events: bool = True
    app_sync_notifications: bool = False
    pause_as_datetime: bool = False

    contact_identity: Literal["any-change", "name-and-reach"] = "any-change"
    contact_sis_ids_give_new_ids: bool = True

    empty_values: Literal["recorded", "absent", "null"] = "recorded"
    shuffled_keys: bool = False
    unknown_fields: bool = False
