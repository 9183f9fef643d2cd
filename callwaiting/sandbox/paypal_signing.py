"""The sandbox's own certificate authority, and webhook signatures as PayPal makes them.

The app trusts this authority only when its `ca.pem` is configured as a trusted root.
"""

from __future__ import annotations

import base64
import uuid
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# PayPal signs sandbox webhooks with a certificate of this name (PayPal-Ruby-SDK checks the prefix, the Python one the
# domain), and names the certificate by a URL below this one.
LEAF_NAME = "messageverificationcerts.sandbox.paypal.com"
CERT_URL = "https://api.sandbox.paypal.com/v1/notifications/certs/"


@dataclass(frozen=True)
class CertificateAuthority:
    """A root, one leaf that signs webhooks, and the id under which the leaf is fetched."""

    root: x509.Certificate
    leaf: x509.Certificate
    leaf_key: rsa.RSAPrivateKey

    @property
    def cert_id(self) -> str:
        digest = self.leaf.fingerprint(hashes.SHA256()).hex()
        return f"CERT-{digest[:8]}-{digest[8:16]}"

    @property
    def root_pem(self) -> bytes:
        return self.root.public_bytes(serialization.Encoding.PEM)

    @property
    def leaf_pem(self) -> bytes:
        return self.leaf.public_bytes(serialization.Encoding.PEM)

    def headers(self, webhook_id: str, body: bytes, event_id: str) -> dict[str, str]:
        """The five headers of one transmission over exactly these bytes.

        Signed is `transmission id|time|webhook id|crc32 of the raw body` with the CRC as an unsigned decimal
        (developer.paypal.com, webhook integration). Attempts of one event share a transmission id.
        """
        transmission = str(uuid.uuid5(uuid.NAMESPACE_URL, event_id))
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = f"{transmission}|{moment}|{webhook_id}|{zlib.crc32(body)}"
        signature = self.leaf_key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return {
            "Content-Type": "application/json",
            "PAYPAL-TRANSMISSION-ID": transmission,
            "PAYPAL-TRANSMISSION-TIME": moment,
            "PAYPAL-TRANSMISSION-SIG": base64.b64encode(signature).decode(),
            "PAYPAL-CERT-URL": CERT_URL + self.cert_id,
            "PAYPAL-AUTH-ALGO": "SHA256withRSA",
        }


def load_authority(directory: Path | None) -> CertificateAuthority:
    """Load the authority kept in `directory`, or make one (and keep it there: `ca.pem`, `leaf.pem`, `leaf.key`).

    The root's key is thrown away after the leaf is signed; when the leaf runs out both are made anew.
    """
    if directory is not None and (kept := _kept(directory)) is not None:
        return kept
    authority = _make(datetime.now(UTC))
    if directory is not None:
        key = authority.leaf_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        key_file = directory / "leaf.key"
        key_file.touch(mode=0o600)
        key_file.write_bytes(key)
        (directory / "leaf.pem").write_bytes(authority.leaf_pem)
        (directory / "ca.pem").write_bytes(authority.root_pem)
    return authority


def _kept(directory: Path) -> CertificateAuthority | None:
    names = [directory / name for name in ("ca.pem", "leaf.pem", "leaf.key")]
    if not all(name.exists() for name in names):
        return None
    root, leaf = (x509.load_pem_x509_certificate(name.read_bytes()) for name in names[:2])
    key = serialization.load_pem_private_key(names[2].read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != leaf.public_key():
        return None
    if leaf.not_valid_after_utc < datetime.now(UTC) + timedelta(days=1):
        return None
    return CertificateAuthority(root, leaf, key)


def _make(now: datetime) -> CertificateAuthority:
    root_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    leaf_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Callwaiting sandbox root")])
    root = (
        _builder(root_name, root_name, root_key.public_key(), now, days=3650)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    leaf_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, LEAF_NAME)])
    leaf = (
        _builder(leaf_name, root_name, leaf_key.public_key(), now, days=365)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(LEAF_NAME)]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    return CertificateAuthority(root, leaf, leaf_key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, now: datetime, *, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
