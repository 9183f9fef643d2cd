"""Certificate chains for tests: a root, an authority below it, and leaves of any kind."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LIVE_NAME = "messageverificationcerts.paypal.com"
CERT_URL = "https://api.paypal.com/v1/notifications/certs/CERT-1a2b3c4d-5e6f"
WEBHOOK_ID = "4JH86294D6297924G"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """One key per name; keys of 2048 bits take long to make."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def certificate(
    name: str,
    key: Key,
    issuer: str,
    issuer_key: rsa.RSAPrivateKey,
    *,
    authority: bool | None = False,
    path_length: int | None = None,
    san: Sequence[str] | None = None,
    usage: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.SERVER_AUTH,
    valid: tuple[datetime, datetime] = (NOW - timedelta(days=30), NOW + timedelta(days=30)),
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
    )
    if authority is not None:
        builder = builder.add_extension(x509.BasicConstraints(authority, path_length), critical=True)
    if san or (not authority and san is None):
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in san or [name]]), False)
    if not authority and usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def root(*, path_length: int | None = None) -> x509.Certificate:
    return certificate(
        "Test Root", rsa_key("root"), "Test Root", rsa_key("root"), authority=True, path_length=path_length
    )


def leaf(name: str = LIVE_NAME) -> x509.Certificate:
    return certificate(name, rsa_key("leaf"), "Test Root", rsa_key("root"))


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(item.public_bytes(serialization.Encoding.PEM) for item in certificates)


def headers(
    raw: bytes,
    *,
    key: rsa.RSAPrivateKey | None = None,
    time: str = "2026-01-02T03:04:05Z",
    webhook_id: str = WEBHOOK_ID,
) -> dict[str, str]:
    """PayPal's five headers over these bytes."""
    transmission = "dfb3be50-fd74-11e4-8bf3-77339302725b"
    text = f"{transmission}|{time}|{webhook_id}|{zlib.crc32(raw)}"
    signature = (key or rsa_key("leaf")).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return {
        "paypal-transmission-id": transmission,
        "paypal-transmission-time": time,
        "paypal-transmission-sig": base64.b64encode(signature).decode(),
        "paypal-cert-url": CERT_URL,
        "paypal-auth-algo": "SHA256withRSA",
    }


@dataclass(frozen=True)
class FixedCertificates:
    """Always the same chain, and the addresses that were asked for."""

    chain: Sequence[x509.Certificate]
    roots: Sequence[x509.Certificate]
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, now: datetime) -> Sequence[x509.Certificate]:
        self.asked.append(url)
        return self.chain
