"""Which certificate may speak for PayPal: chain to pinned roots, exact name, RSA of 2048 bits or more.

Path building is left to `cryptography.x509.verification` (RFC 5280 and the browsers' rules: validity, CA flags,
path lengths, name constraints, key usage); what is stricter here stands in this file.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import certifi
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    DNSName,
    ExtensionNotFound,
    SubjectAlternativeName,
    load_der_x509_certificate,
    load_pem_x509_certificates,
)
from cryptography.x509.verification import PolicyBuilder, Store

from callwaiting.providers.ports import VerificationFailed

MIN_KEY_BITS = 2048
# SHA-256 of the roots under which DigiCert, PayPal's authority, issues server certificates today
# (digicert.com/kb/digicert-root-certificates.htm): Global Root G2, TLS RSA4096 Root G5.
PINNED_ROOTS = frozenset(
    {
        "cb3ccbb76031e5e0138f8dd39a23f9de47ffc35e43c1144cea27d46a5ab1cb5f",
        "371a00dc0533b3721a7eeb40e8419e70799d2b0a0f2c1d80693165f7cec4ad75",
    }
)
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)


def pinned_roots() -> list[Certificate]:
    """The pinned roots as certifi ships them; the pin, not certifi, decides."""
    blocks = (base64.b64decode(block) for block in _PEM.findall(Path(certifi.where()).read_bytes()))
    return [load_der_x509_certificate(der) for der in blocks if hashlib.sha256(der).hexdigest() in PINNED_ROOTS]


def extra_roots(path: Path) -> list[Certificate]:
    """Further trusted certificates out of a PEM file. Raises OSError or ValueError: such a file is needed to start."""
    return load_pem_x509_certificates(path.read_bytes())


def require_trusted_key(
    chain: Sequence[Certificate], roots: Sequence[Certificate], name: str, now: datetime
) -> RSAPublicKey:
    """The leaf's key, if the chain holds at `now` for exactly this name; else VerificationFailed."""
    if not chain or not roots:
        raise VerificationFailed("there is no certificate or no trusted root")
    leaf, *intermediates = chain
    try:
        builder = PolicyBuilder().store(Store(list(roots))).time(now)
        builder.build_server_verifier(DNSName(name)).verify(leaf, intermediates)
        names = leaf.extensions.get_extension_for_class(SubjectAlternativeName).value.get_values_for_type(DNSName)
        key = leaf.public_key()
        authority = _is_authority(leaf)
    # A certificate can be broken in ways that raise many kinds of errors; each of them is a refusal.
    except Exception as error:
        raise VerificationFailed(f"the certificate is not trusted: {type(error).__name__}: {error}") from error
    if name not in names:
        raise VerificationFailed(f"the certificate is not issued to {name} by name")
    if authority:
        raise VerificationFailed("the certificate is an authority's")
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_KEY_BITS:
        raise VerificationFailed(f"the certificate's key is not RSA of {MIN_KEY_BITS} bits or more")
    return key


def require_signature(key: RSAPublicKey, signature: bytes, text: str) -> None:
    """VerificationFailed unless the key made this signature (PKCS #1 v1.5, SHA-256) over the text."""
    try:
        key.verify(signature, text.encode("utf-8", "surrogatepass"), PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise VerificationFailed("the signature does not match the signed text under the certificate") from error


def _is_authority(certificate: Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
    except ExtensionNotFound:
        return False
