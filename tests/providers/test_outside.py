"""A request to a merchant's own system ends in time, however slowly that speaks, and over TLS too."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from callwaiting.providers import outside


def certificate(directory: Path) -> tuple[Path, Path]:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    paths = directory / "certificate", directory / "key"
    paths[0].write_bytes(made.public_bytes(pem))
    paths[1].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return paths


def test_a_server_that_trickles_over_tls_is_left_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, key = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(shown))
    monkeypatch.setattr(outside, "TOTAL_SECONDS", 0.5)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, key)
    left = threading.Event()

    def trickle(listening: socket.socket) -> None:
        with context.wrap_socket(listening.accept()[0], server_side=True) as connected:
            connected.recv(4096)
            try:
                for letter in b"HTTP/1.1 " + b"2" * 40:
                    connected.sendall(bytes([letter]))
                    pause.wait(0.1)
            except OSError:
                left.set()

    pause = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=trickle, args=[listening])
        server.start()
        with pytest.raises((OSError, HTTPException)):
            outside.Sender(local=True).post(f"https://localhost:{listening.getsockname()[1]}/", {}, b"{}")
        server.join()
    assert left.is_set()
