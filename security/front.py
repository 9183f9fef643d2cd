"""The nginx of deploy/ as it is, but for the paths and addresses of this machine, in front of the web instances."""

from __future__ import annotations

import re
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from callwaiting.embedded.child import Child
from security.stage import HOST, Stage, free_ports
from security.tools import ROOT, find

SOURCE = ROOT / "deploy" / "nginx"


def open_front(stage: Stage) -> Path:
    """Start nginx at `stage.tls_port`; returns the certificate of the authority that signed its own.

    Raises ToolMissing, StartFailed.
    """
    front = Front(stage.root / "nginx", stage.ports, tls_port=stage.tls_port, nameless_port=stage.nameless_port)
    stage.add(front.process(path="/health/ready"))
    return front.authority


@dataclass(frozen=True)
class Front:
    """nginx before the web instances at `ports`; everything of it stands below `directory`, which is made.

    `changes` replace pieces of the configuration, for tests that cannot wait as long as it does.
    """

    directory: Path
    ports: Sequence[int]
    tls_port: int = field(default_factory=lambda: free_ports(1)[0])
    nameless_port: int = field(default_factory=lambda: free_ports(1)[0])
    plain_port: int = field(default_factory=lambda: free_ports(1)[0])
    changes: Mapping[str, str] = field(default_factory=dict)

    @property
    def authority(self) -> Path:
        return self.directory / "authority.pem"

    def process(self, *, path: str, ready: int = 200) -> Child:
        """Not started yet; ready when `path` is answered with that status. Raises ToolMissing."""
        nginx = find("nginx")
        self.directory.mkdir()
        _certificates(self.directory)
        for name in ("refusals.conf", "refuse.conf", "envelope.conf", "security_headers.conf"):
            (self.directory / name).write_text((SOURCE / name).read_text())
        (self.directory / "server_name.conf").write_text(f"server_name {HOST};\n")
        (self.directory / "nginx.conf").write_text(self._here((SOURCE / "nginx.conf").read_text()))
        trust = ssl.create_default_context(cafile=str(self.authority))
        url = f"https://{HOST}:{self.tls_port}{path}"

        def is_ready() -> bool:
            try:
                with urllib.request.urlopen(url, timeout=3, context=trust) as response:
                    return bool(response.status == ready)
            except urllib.error.HTTPError as error:
                return error.code == ready

        argv = [nginx, "-p", str(self.directory), "-c", str(self.directory / "nginx.conf"), "-g", "daemon off;"]
        env = {"PATH": "/usr/sbin:/usr/bin:/bin"}
        return Child("nginx", argv, env=env, log=self.directory / "log", ready=is_ready)

    def _here(self, text: str) -> str:
        """The configuration with this machine's paths, ports and web instances. Raises ValueError when it has changed
        so that something is no longer found in it."""
        changes = {
            "pid /tmp/nginx.pid;": f"pid {self.directory}/pid;",
            "server web:8000;": " ".join(f"server 127.0.0.1:{port};" for port in self.ports),
            "/etc/nginx/server_name.conf": f"{self.directory}/server_name.conf",
            "/run/secrets/tls_": f"{self.directory}/tls_",
            "listen 8443": f"listen 127.0.0.1:{self.tls_port}",
            "listen 8080": f"listen 127.0.0.1:{self.plain_port}",
            **self.changes,
        }
        for old, new in changes.items():
            if old not in text:
                raise ValueError(f"deploy/nginx/nginx.conf has no {old!r} any more: adapt who changes it")
            text = text.replace(old, new)
        # slowhttptest sends no server name, which our default server refuses. Where there is none, ours is it.
        named = f"listen 127.0.0.1:{self.tls_port} ssl http2;"
        text = text.replace(named, f"{named}\n        listen 127.0.0.1:{self.nameless_port} ssl http2;")
        if _has_ipv6():  # where the tools turn first
            text = re.sub(r"(listen 127\.0\.0\.1(:\d+.*;))", r"\1 listen [::1]\2", text)
        return re.sub(r"(\w+_temp_path) /tmp/", rf"\1 {self.directory}/", text)


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def _certificates(directory: Path) -> None:
    """A throwaway authority, and by it the server's certificate and key."""
    now = datetime.now(UTC)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Throwaway authority of the checks")])
    own_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])

    def certificate(name: x509.Name, public: ec.EllipticCurvePublicKey, authority: bool) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(root_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
            .sign(root_key, hashes.SHA256())
        )

    pem = serialization.Encoding.PEM
    (directory / "authority.pem").write_bytes(certificate(root_name, root_key.public_key(), True).public_bytes(pem))
    (directory / "tls_certificate").write_bytes(certificate(own_name, key.public_key(), False).public_bytes(pem))
    (directory / "tls_key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
