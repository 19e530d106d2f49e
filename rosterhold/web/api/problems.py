"""Errors, as RFC 9457 has them: `application/problem+json` for whatever goes wrong."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from rosterhold.web.api.routing import allowed_methods

MEDIA_TYPE: Final = "application/problem+json"
_TYPE: Final = "urn:rosterhold:problem:"

log = structlog.get_logger(__name__)


class Fault(BaseModel):
    """What is wrong with one part of a request."""

    where: str = Field(description="`path`, `query`, `header` or `body`.", examples=["query"])
    name: str = Field(description="The parameter, or the field with dots.", examples=["limit"])
    problem: str = Field(examples=["Input should be less than or equal to 500"])


class Problem(BaseModel):
    """What went wrong. `type` is for programs, `detail` for people."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:rosterhold:problem:not-found",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "There is nothing here that this token may see.",
                }
            ]
        }
    )

    type: str = Field(description="Names the kind of problem; it does not change.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status, again.")
    detail: str = Field(description="What happened and what to do, in plain words.")
    errors: list[Fault] | None = Field(
        default=None, description="With 422: what is wrong with which part of the request."
    )


class ProblemError(Exception):
    """Raised to answer with a problem; nothing of the request was done."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: list[Fault] | None = None,
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(
            type=f"{_TYPE}{kind}",
            title=HTTPStatus(status).phrase,
            status=status,
            detail=detail,
            errors=errors,
        )
        self.headers = headers

    def answer(self) -> Response:
        return Response(
            self.problem.model_dump_json(exclude_none=True),
            self.problem.status,
            headers=dict(self.headers or {}),
            media_type=MEDIA_TYPE,
        )


def not_found() -> ProblemError:
    """Raised alike for what is not there and for what is another district's."""
    return ProblemError(404, "not-found", "There is nothing here that this token may see.")


def unusable(where: str, name: str, problem: str) -> ProblemError:
    """Raised for a part of the request that cannot be used."""
    return ProblemError(
        422,
        "invalid-request",
        f"The {where} parameter {name} cannot be used. Nothing was done.",
        errors=[Fault(where=where, name=name, problem=problem)],
    )


_DETAILS: Final = {
    400: ("bad-request", "The request cannot be read. Nothing was done."),
    404: ("not-found", "There is nothing here that this token may see."),
    405: ("method-not-allowed", "This address does not take this method; see the header Allow."),
    413: ("too-large", "The request is larger than 64 KiB. Nothing was done."),
}


def _of_method(routes: Sequence[BaseRoute]) -> Callable[[Request, Exception], Response]:
    """Refuses a method, and names those of all routes: a router knows the first one alone."""

    def answer(request: Request, _error: Exception) -> Response:
        allow = {"Allow": allowed_methods(routes, request.scope)}
        return ProblemError(405, *_DETAILS[405], headers=allow).answer()

    return answer


def _of_status(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    kind, detail = _DETAILS.get(error.status_code, ("refused", "The request was refused."))
    return ProblemError(error.status_code, kind, detail, headers=error.headers).answer()


def _of_problem(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ProblemError):
        raise error
    return error.answer()


def _of_validation(_request: Request, error: Exception) -> Response:
    """What is wrong with a request; what it held is not said again."""
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [
        Fault(
            where=str(one["loc"][0]),
            name=".".join(str(part) for part in one["loc"][1:]),
            problem=one["msg"],
        )
        for one in error.errors()
    ]
    return ProblemError(
        422, "invalid-request", "The request cannot be used. Nothing was done.", errors=faults
    ).answer()


def _of_database(_request: Request, error: Exception) -> Response:
    log.warning("api.database_away", error=type(error).__name__)
    return ProblemError(
        503,
        "unavailable",
        "The database is away. Please send the request again in a moment.",
        headers={"Retry-After": "5"},
    ).answer()


def _of_surprise(_request: Request, error: Exception) -> Response:
    log.error("api.failed", error=type(error).__name__, exc_info=error)
    return ProblemError(
        500, "internal", "Something went wrong here. It is in the log; nothing was done."
    ).answer()


def add_handlers(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Answer whatever goes wrong on one of the routes with a problem."""
    app.add_exception_handler(405, _of_method(routes))
    app.add_exception_handler(ProblemError, _of_problem)
    app.add_exception_handler(HTTPException, _of_status)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(DBAPIError, _of_database)
    app.add_exception_handler(Exception, _of_surprise)


def problem(description: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A response with a problem, for the OpenAPI document."""
    documented: dict[str, Any] = {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if headers:
        documented["headers"] = {
            name: {"description": words, "schema": {"type": "string"}}
            for name, words in headers.items()
        }
    return documented


# What every address may answer.
EVERYWHERE: Final[dict[int | str, dict[str, Any]]] = {
    400: problem("The request cannot be read as HTTP or JSON."),
    401: problem(
        "There is no token, or it does not work (any more).",
        {"WWW-Authenticate": "`Bearer`"},
    ),
    403: problem("The token lacks the scope."),
    404: problem("There is nothing here that this token may see."),
    405: problem(
        "This address does not take this method.", {"Allow": "The methods that it does take."}
    ),
    413: problem("The request is larger than 64 KiB."),
    422: problem("The request cannot be used; `errors` says what is wrong where."),
    429: problem(
        "Too many requests with this token.",
        {"Retry-After": "Seconds after which the next one is answered."},
    ),
    500: problem("Something went wrong here."),
    503: problem("The database is away.", {"Retry-After": "Seconds after which to send it again."}),
}
