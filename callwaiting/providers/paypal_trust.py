"""Which certificate may speak for PayPal: chain to pinned roots, exact name, RSA of 2048 bits or more.

Path building, signatures, validity, path lengths and name constraints are left to `cryptography.x509.verification`; the
policies here say what an authority and a leaf must carry. A wildcard name is not enough.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
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
    ExtendedKeyUsage,
    KeyUsage,
    SubjectAlternativeName,
    load_der_x509_certificate,
    load_pem_x509_certificates,
)
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, Policy, PolicyBuilder, Store

from callwaiting.providers.ports import VerificationFailed

MIN_KEY_BITS = 2048
# SHA-256 of the roots of DigiCert, PayPal's authority (digicert.com/kb/digicert-root-certificates.htm): Global Root G2,
# TLS RSA4096 Root G5, and High Assurance EV Root CA, which PayPal's own SDKs pin and certifi no longer ships.
PINNED_ROOTS = frozenset(
    {
        "7431e5f4c3c1ce4690774f0b61e05440883ba9a01ed00ba6abd7806ed3b118cf",
        "cb3ccbb76031e5e0138f8dd39a23f9de47ffc35e43c1144cea27d46a5ab1cb5f",
        "371a00dc0533b3721a7eeb40e8419e70799d2b0a0f2c1d80693165f7cec4ad75",
    }
)
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)


@cache
def pinned_roots() -> tuple[Certificate, ...]:
    """The pinned roots, out of certifi's bundle and our own file. The pin decides, not the bundle."""
    return tuple(load_der_x509_certificate(der) for der in {*_bundle(), *_own()} if _fingerprint(der) in PINNED_ROOTS)


@cache
def known_authorities() -> tuple[Certificate, ...]:
    """DigiCert's authorities that PayPal leaves out, since its address serves the leaf alone. Not trusted by
    themselves."""
    return tuple(load_der_x509_certificate(der) for der in _own() if _fingerprint(der) not in PINNED_ROOTS)


def extra_roots(path: Path) -> list[Certificate]:
    """Further certificates to trust, out of a PEM file. Raises OSError or ValueError."""
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
        builder = builder.extension_policies(ca_policy=_authority_policy(), ee_policy=_leaf_policy())
        builder.build_server_verifier(DNSName(name)).verify(leaf, [*intermediates, *known_authorities()])
        names = leaf.extensions.get_extension_for_class(SubjectAlternativeName).value.get_values_for_type(DNSName)
        key = leaf.public_key()
    # A certificate can be broken in ways that raise many kinds of errors; each of them is a refusal.
    except Exception as error:
        raise VerificationFailed(f"the certificate is not trusted: {type(error).__name__}: {error}") from error
    if name not in names:
        raise VerificationFailed(f"the certificate is not issued to {name} by name")
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_KEY_BITS:
        raise VerificationFailed(f"the certificate's key is not RSA of {MIN_KEY_BITS} bits or more")
    return key


def require_signature(key: RSAPublicKey, signature: bytes, text: str) -> None:
    """VerificationFailed unless the key made this signature (PKCS #1 v1.5, SHA-256) over the text."""
    try:
        key.verify(signature, text.encode("utf-8", "surrogatepass"), PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise VerificationFailed("the signature does not match the signed text under the certificate") from error


def _bundle() -> list[bytes]:
    return _pem_blocks(Path(certifi.where()))


def _own() -> list[bytes]:
    return _pem_blocks(Path(__file__).with_name("digicert.pem"))


def _pem_blocks(path: Path) -> list[bytes]:
    return [base64.b64decode(block) for block in _PEM.findall(path.read_bytes())]


def _fingerprint(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()


def _authority_policy() -> ExtensionPolicy:
    # Where basic constraints are present in an issuer, the library itself insists on CA: TRUE.
    return (
        ExtensionPolicy.permit_all()
        .require_present(BasicConstraints, Criticality.AGNOSTIC, None)
        .may_be_present(KeyUsage, Criticality.AGNOSTIC, _must_sign_certificates)
    )


def _leaf_policy() -> ExtensionPolicy:
    return (
        ExtensionPolicy.permit_all()
        .require_present(SubjectAlternativeName, Criticality.AGNOSTIC, None)
        .may_be_present(BasicConstraints, Criticality.AGNOSTIC, _must_not_be_authority)
        .may_be_present(ExtendedKeyUsage, Criticality.AGNOSTIC, _must_serve)
    )


def _must_not_be_authority(policy: Policy, certificate: Certificate, extension: BasicConstraints | None) -> None:
    if extension is not None and extension.ca:
        raise ValueError("the leaf is an authority")


def _must_sign_certificates(policy: Policy, certificate: Certificate, extension: KeyUsage | None) -> None:
    if extension is not None and not extension.key_cert_sign:
        raise ValueError("an issuer may not sign certificates")


def _must_serve(policy: Policy, certificate: Certificate, extension: ExtendedKeyUsage | None) -> None:
    if extension is not None and ExtendedKeyUsageOID.SERVER_AUTH not in extension:
        raise ValueError("the leaf is not a server's")
