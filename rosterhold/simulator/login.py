"""Logging in at Clever, by OpenID Connect: whoever is chosen on the page has logged in."""

import base64
import hashlib
import html
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey

from rosterhold.simulator.answers import HTML, Answer, error_answer
from rosterhold.simulator.behaviour import Behaviour
from rosterhold.simulator.district import District
from rosterhold.simulator.records import decode, encode

# Documented: a code works once, and for a minute.
CODE_S: Final = 60
_TOKEN_S: Final = 3600
_OTHERS: Final = 3
_TOO_LATE: Final = "Invalid grant: invalid code"


@dataclass(frozen=True)
class Code:
    """What a code stands for."""

    district: District
    user: str
    client_id: str
    redirect_uri: str
    nonce: str
    challenge: str
    ends: float


@dataclass
class Logins:
    """Codes that were given, and tokens of people; `claims` overrides claims of ID tokens."""

    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, tuple[District, str]] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    foreign_key: bool = False

    @cached_property
    def key(self) -> RSAKey:
        return RSAKey.generate_key(2048, {"kid": "simulator", "use": "sig", "alg": "RS256"})


def discovery(issuer: str, data_url: str) -> Answer:
    document = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/tokens",
        "jwks_uri": f"{issuer}/oauth/certs",
        "userinfo_endpoint": f"{data_url}/userinfo",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
    }
    return Answer(200, encode(document))


def certificates(logins: Logins) -> Answer:
    return Answer(200, encode({"keys": [logins.key.as_dict(private=False)]}))


def authorize(
    logins: Logins, districts: list[District], client_id: str, query: str, now: float
) -> Answer:
    """The page to choose who logs in; with a `user` chosen, back to the app with a code."""
    asked = dict(parse_qsl(query))
    if asked.get("client_id") != client_id or asked.get("response_type") != "code":
        return error_answer(400, Behaviour(), "unknown client")
    user = asked.get("user", "")
    district = next((one for one in districts if user in one.tables["users"]), None)
    if district is None:
        return Answer(200, _page(districts, asked).encode(), HTML)
    code = secrets.token_hex(20)
    logins.codes[code] = Code(
        district,
        user,
        client_id,
        asked.get("redirect_uri", ""),
        asked.get("nonce", ""),
        asked.get("code_challenge", ""),
        now + CODE_S,
    )
    back = {"code": code} | ({"state": asked["state"]} if "state" in asked else {})
    place = f"{asked.get('redirect_uri', '')}?{urlencode(back)}"
    return Answer(302, b"", None, {"location": place})


def exchange(logins: Logins, issuer: str, body: bytes, now: float) -> Answer:
    """A code for an access token and an ID token."""
    form = dict(parse_qsl(body.decode("utf-8", "replace")))
    code = logins.codes.pop(form.get("code", ""), None)
    if (
        code is None
        or code.ends < now
        or form.get("grant_type") != "authorization_code"
        or form.get("redirect_uri") != code.redirect_uri
        or (code.challenge and _challenge(form.get("code_verifier", "")) != code.challenge)
    ):
        return error_answer(400, Behaviour(), _TOO_LATE)
    token = "il" + secrets.token_hex(20)
    logins.tokens[token] = (code.district, code.user)
    claims = {
        "iss": issuer,
        "sub": code.user,
        "aud": code.client_id,
        "iat": int(now),
        "exp": int(now) + _TOKEN_S,
        "nonce": code.nonce,
    } | logins.claims
    key = RSAKey.generate_key(2048) if logins.foreign_key else logins.key
    proof = jwt.encode({"alg": "RS256", "kid": "simulator"}, claims, key)
    return Answer(200, encode({"access_token": token, "token_type": "bearer", "id_token": proof}))


def of_person(district: District, user: str, path: str, behaviour: Behaviour) -> Answer:
    """What a person's own token reads: themselves."""
    below = [part for part in path.split("/")[2:] if part]
    if below == ["me"]:
        own = {"id": user, "district": district.id, "type": "user"}
        return Answer(200, encode({"data": own}))
    if below == ["users", user] and user in district.tables["users"]:
        return Answer(200, encode({"data": district.tables["users"].get(user)}))
    return error_answer(404, behaviour)


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _page(districts: list[District], asked: dict[str, str]) -> str:
    lines = []
    for district in districts:
        lines.append(f"<h2>{html.escape(district.name)}</h2><ul>")
        roles = district.relations.roles
        for role in ("district_admin", "teacher", "student"):
            some = roles[role] if role == "district_admin" else roles[role][:_OTHERS]
            for user in some:
                name = decode(encode(district.tables["users"].get(user)["name"]))
                link = html.escape("?" + urlencode({**asked, "user": user}))
                told = html.escape(f"{name.get('first', '')} {name.get('last', '')}, {role}")
                lines.append(f'<li><a href="{link}">{told}</a></li>')
        lines.append("</ul>")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Log in</title></head>'
        "<body><h1>A stand-in for Clever: who are you?</h1>" + "\n".join(lines) + "</body></html>"
    )
