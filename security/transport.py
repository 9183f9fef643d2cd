"""TLS as sslscan sees it, and slow clients: while they sit there, others must be served."""

from __future__ import annotations

import re
import ssl
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor, wait
from http.client import HTTPSConnection
from pathlib import Path
from xml.etree import ElementTree

from security.report import Outcome, judged
from security.stage import HOST, Stage
from security.tools import find, run, tail

PROTOCOLS = {"1.2", "1.3"}
# Every 5 s a few bytes, from 100 connections: headers that do not end, a body that does not end, an unread answer.
SLOW = {
    "slow headers": ["-H", "-i", "5"],
    "slow body": ["-B", "-i", "5", "-s", "8192"],
    "slow reading": ["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-k", "3"],
}
CONNECTIONS = 100
SECONDS = 15
PATIENCE_S = 2.0
QUICK = "127.0.0.2"
PAINT = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def check_tls(stage: Stage, authority: Path) -> Outcome:
    """TLS 1.2 and 1.3 only, forward secrecy and authenticated ciphers only, no compression, no old weaknesses."""
    tool = find("sslscan")
    with tempfile.NamedTemporaryFile(suffix=".xml") as file:
        done = run([tool, "--no-colour", f"--xml={file.name}", f"{HOST}:{stage.tls_port}"], seconds=90)
        if done.returncode:
            return Outcome("findings", "sslscan failed", done.stdout.splitlines()[-5:])
        test = ElementTree.parse(file.name).getroot().find("ssltest")
    if test is None:
        return Outcome("findings", "sslscan saw no server", [])
    enabled = {found.get("version", "") for found in test.iter("protocol") if found.get("enabled") == "1"}
    ciphers = [found.get("cipher", "") for found in test.iter("cipher")]
    findings = [f"protocol {version}" for version in sorted(enabled - PROTOCOLS)]
    findings += [f"no protocol {version}" for version in sorted(PROTOCOLS - enabled)]
    findings += [f"cipher {name}" for name in ciphers if not _strong(name)]
    compression = test.find("compression")
    if compression is not None and compression.get("supported") == "1":
        findings.append("compression")
    findings += ["heartbleed" for found in test.iter("heartbleed") if found.get("vulnerable") == "1"]
    findings += _wrong_names(stage) + _wrong_methods(stage, authority)
    return judged(f"TLS {', '.join(sorted(enabled))}; {len(ciphers)} ciphers", findings)


def _strong(name: str) -> bool:
    return name.startswith("TLS_") or (name.startswith("ECDHE-") and ("GCM" in name or "CHACHA20" in name))


def _wrong_names(stage: Stage) -> list[str]:
    """A host that is not ours gets no handshake."""
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    try:
        with urllib.request.urlopen(f"https://127.0.0.1:{stage.tls_port}/", timeout=5, context=unchecked):
            return ["a request without a host name of ours was answered"]
    except urllib.error.HTTPError as error:
        return [f"a request without a host name of ours was answered with {error.code}"]
    except OSError:
        return []


def _wrong_methods(stage: Stage, authority: Path) -> list[str]:
    """TRACE and its kind are refused before they reach the application."""
    trust, answered = ssl.create_default_context(cafile=str(authority)), {}
    for method in ("TRACE", "TRACK", "DEBUG"):
        connection = HTTPSConnection(HOST, stage.tls_port, timeout=PATIENCE_S, context=trust)
        try:
            connection.request(method, "/health")
            answered[method] = connection.getresponse().status
        finally:
            connection.close()
    return [f"{method} is answered with {status}" for method, status in answered.items() if status != 405]


def check_slow(stage: Stage, authority: Path) -> Outcome:
    """While slow clients hold their connections, a quick one has its answer within two seconds, each time."""
    tool = find("slowhttptest")
    trust = ssl.create_default_context(cafile=str(authority))
    findings, asked = [], 0
    url = f"https://{HOST}:{stage.nameless_port}/openapi.json"
    for name, options in SLOW.items():
        argv = [tool, *options, "-c", str(CONNECTIONS), "-r", str(CONNECTIONS), "-l", str(SECONDS)]
        argv += ["-u", url, "-p", "3"]
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(run, argv, seconds=SECONDS + 15)
            while not slow.done():
                asked += 1
                findings += [f"{name}: {trouble}" for trouble in _trouble(stage, trust)]
                wait([slow], timeout=0.5)
        if not re.search(r"connected: +[1-9]|closed: +[1-9]", PAINT.sub("", slow.result().stdout)):
            findings += [f"{name}: no connection was opened", *tail(PAINT.sub("", slow.result().stdout))]
    return judged(f"{', '.join(SLOW)}: {CONNECTIONS} connections each; {asked} quick requests meanwhile", findings)


def _trouble(stage: Stage, trust: ssl.SSLContext) -> list[str]:
    """Of one request from another address than the slow clients', which nginx limits by theirs."""
    connection = HTTPSConnection(HOST, stage.tls_port, timeout=PATIENCE_S, context=trust, source_address=(QUICK, 0))
    begun = time.monotonic()
    try:
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except OSError as error:
        return [f"{type(error).__name__} {error} after {time.monotonic() - begun:.1f} s"]
    finally:
        connection.close()
    return [] if status == 200 else [f"answered with {status}"]
