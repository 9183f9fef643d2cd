"""Requests and answers of factors and step-up."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from callwaiting.core.http.schemas import Instant, Schema
from callwaiting.features.accounts.schemas import AccessToken, Password

Code = Annotated[str, StringConstraints(min_length=6, max_length=40), Field(examples=["492039"])]


class EnterCode(Schema):
    """A code of the authenticator, or a recovery code."""

    code: Code


class StepUp(Schema):
    """`code` where the person has a factor, else `password`."""

    code: Code | None = None
    password: Password | None = None


class NewFactorFace(Schema):
    """Shown once. `uri` goes into a QR code; `secret` is for typing. It counts once a code of it was confirmed."""

    secret: str = Field(examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"])
    uri: str = Field(
        examples=[
            "otpauth://totp/Callwaiting:maria%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Callwaiting"
        ]
    )


class RecoveryCodes(Schema):
    """Shown once; each is good once."""

    recovery_codes: list[str] = Field(examples=[["MFRG-GZDF-MZTW-Q2LK", "NBSW-Y3DP-EHPK-3PXP"]])


class FactorAdded(RecoveryCodes):
    access: AccessToken


class Factors(Schema):
    """`required`: the person's place demands one."""

    totp_since: Instant | None
    recovery_codes_left: int
    required: bool
