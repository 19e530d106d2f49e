"""*Log in with Clever*: OpenID Connect, and who in the district it is.

The endpoints come from the discovery document of the issuer. The ID token proves who came; that
somebody is a district administrator, and of which district, is asked from the Data API with the
token of that person (Clever: `/me` and `/users/{id}` take user tokens).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from rosterhold.adapters.http import Answer, Http, TransportError

Shape = TypeVar("Shape")

SCOPE: Final = "openid"
_DISCOVERY: Final = "/.well-known/openid-configuration"
_ALGORITHMS: Final = ("RS256",)
_CLOCKS_APART_S: Final = 60
_OK: Final = 200
_ADMIN: Final = "district_admin"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a browser keeps between leaving for Clever and coming back: three random words."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class CleverPerson:
    """A district administrator, by Clever's word."""

    clever_id: str
    district_clever_id: str
    email: str


class CleverLoginError(Exception):
    """Raised when Clever's answer proves nobody; the text is for the log and holds no token."""


class NotAnAdministratorError(Exception):
    """Raised for somebody who came in at Clever and is no administrator of a district."""


class _Discovered(msgspec.Struct):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class _Tokens(msgspec.Struct):
    access_token: str
    id_token: str


class _Me(msgspec.Struct):
    id: str
    district: str


class _MeAnswer(msgspec.Struct):
    data: _Me


class _User(msgspec.Struct):
    id: str
    district: str
    roles: dict[str, Any] = {}
    email: str | None = ""


class _UserAnswer(msgspec.Struct):
    data: _User


@dataclass(frozen=True, slots=True)
class CleverLogin:
    """Clever's side of a login.

    Attributes:
        issuer: who signs ID tokens; below it lies the discovery document.
        data_url: the host of the Data API.
    """

    issuer: str
    client_id: str
    client_secret: str
    data_url: str
    http: Callable[[], Http] = Http

    async def address(self, attempt: Attempt, redirect_uri: str) -> str:
        """Where the browser goes to log in.

        Raises:
            CleverLoginError: Clever cannot be asked.
        """
        async with self.http() as http:
            found = await self._discover(http)
        wanted = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": create_s256_code_challenge(attempt.verifier),
            "code_challenge_method": "S256",
        }
        address: str = add_params_to_uri(found.authorization_endpoint, list(wanted.items()))
        return address

    async def person(
        self, attempt: Attempt, code: str, redirect_uri: str, now_s: int
    ) -> CleverPerson:
        """Who came back with a code.

        Raises:
            CleverLoginError: it is not proved who that is.
            NotAnAdministratorError: it is proved, and is no district administrator.
        """
        async with self.http() as http:
            found = await self._discover(http)
            tokens = await self._exchange(http, found, attempt, code, redirect_uri)
            keys = _json(await _get(http, found.jwks_uri), dict[str, Any])
            subject = self._proved(tokens, keys, attempt.nonce, now_s)
            return await self._who(http, tokens.access_token, subject)

    async def _discover(self, http: Http) -> _Discovered:
        found = _json(await _get(http, self.issuer + _DISCOVERY), _Discovered)
        if found.issuer != self.issuer:
            raise CleverLoginError("the discovery document is another issuer's")
        if self.issuer.startswith("https://") and not all(
            url.startswith("https://") for url in msgspec.structs.astuple(found)
        ):
            raise CleverLoginError("an endpoint is not reached over TLS")
        return found

    async def _exchange(
        self, http: Http, found: _Discovered, attempt: Attempt, code: str, redirect_uri: str
    ) -> _Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": attempt.verifier,
        }
        try:
            answer = await http.post(
                found.token_endpoint, form=form, basic=(self.client_id, self.client_secret)
            )
        except TransportError as error:
            raise CleverLoginError(f"the token endpoint did not answer: {error}") from error
        return _json(answer, _Tokens)

    def _proved(self, tokens: _Tokens, keys: Any, nonce: str, now_s: int) -> str:
        """The subject of an ID token that is Clever's, for us, of this attempt, and of now."""
        try:
            token = jwt.decode(
                tokens.id_token, KeySet.import_key_set(keys), algorithms=list(_ALGORITHMS)
            )
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self.client_id},
                },
                params={
                    "nonce": nonce,
                    "client_id": self.client_id,
                    "access_token": tokens.access_token,
                },
            )
            claims.validate(now_s, _CLOCKS_APART_S)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise CleverLoginError(f"the ID token is refused: {type(error).__name__}") from error
        return str(claims["sub"])

    async def _who(self, http: Http, bearer: str, subject: str) -> CleverPerson:
        me = _json(await _get(http, f"{self.data_url}/v3.0/me", bearer), _MeAnswer).data
        if me.id != subject:
            raise CleverLoginError("the access token is another person's than the ID token")
        address = f"{self.data_url}/v3.0/users/{subject}"
        user = _json(await _get(http, address, bearer), _UserAnswer).data
        if user.id != subject or user.district != me.district:
            raise CleverLoginError("Clever's answers are about several people")
        if _ADMIN not in user.roles:
            raise NotAnAdministratorError
        return CleverPerson(subject, me.district, user.email or f"clever:{subject}")


async def _get(http: Http, url: str, bearer: str = "") -> Answer:
    try:
        return await http.get(url, bearer=bearer)
    except TransportError as error:
        raise CleverLoginError(f"Clever did not answer: {error}") from error


def _json(answer: Answer, shape: type[Shape]) -> Shape:
    if answer.status != _OK:
        raise CleverLoginError(f"Clever answered with {answer.status}")
    try:
        return msgspec.json.decode(answer.body, type=shape)
    except msgspec.DecodeError as error:
        raise CleverLoginError("Clever's answer cannot be read") from error
