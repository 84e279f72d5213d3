"""Captures through TLS and SASL, as a client properties file says.

TLS is real: OpenSSL on both sides, certificates made by the openssl program. The user
is asked for by the test's own gateway (see ``gateway``), since the mock cluster cannot.
"""

import gc
import re
import shutil
import ssl
import subprocess
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from gateway import Gateway
from mock_cluster import MockCluster

from complab.errors import (
    AuthenticationError,
    CaptureError,
    ClientPropertiesError,
    UnreachableBrokerError,
)
from complab.kafka.capture import Capture, capture
from complab.kafka.client_properties import load_client_properties
from complab.kafka.tls import make_tls_context

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="there is no openssl to make certificates"
)


@dataclass(frozen=True)
class Identity:
    """A self-signed certificate and its key, as PEM files."""

    certificate: Path
    key: Path

    @property
    def context(self) -> ssl.SSLContext:
        """A server's context that shows the certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make_identity(folder: Path, name: str, alternative: str) -> Identity:
    """Make a certificate for a name such as ``IP:127.0.0.1``."""
    identity = Identity(folder / f"{name}.crt", folder / f"{name}.key")
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative}",
            "-keyout", str(identity.key), "-out", str(identity.certificate),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return identity


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    """The certificate of 127.0.0.1."""
    return make_identity(tmp_path_factory.mktemp("here"), "here", "IP:127.0.0.1")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    """The certificate of another host."""
    folder = tmp_path_factory.mktemp("elsewhere")
    return make_identity(folder, "elsewhere", "DNS:elsewhere.invalid")


@pytest.fixture
def filled(
    cluster: MockCluster, topic: str, make_batches: Callable[..., list[list[bytes]]]
) -> str:
    """A topic of two batches."""
    cluster.produce(topic, make_batches(2))
    return topic


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Write a client properties file of these lines and give its path."""

    def write_lines(*lines: str) -> str:
        path = tmp_path / "client.properties"
        path.write_text("\n".join(lines), encoding="latin-1")
        return str(path)

    return write_lines


@pytest.fixture
def take(filled: str, tmp_path: Path) -> Callable[[str, str | None], Capture]:
    """Capture the filled topic through a server with client properties."""

    def take_from(server: str, properties: str | None) -> Capture:
        output = str(tmp_path / "batch.bin")
        return capture(
            server,
            filled,
            output,
            client_properties=properties,
            timeout_s=10,
            may_overwrite=True,
        )

    return take_from


@pytest.fixture
def leader(cluster: MockCluster) -> str:
    """The broker that leads the tests' topics."""
    return cluster.servers.split(",")[0]


Take = Callable[[str, str | None], Capture]
Write = Callable[..., str]


@pytest.fixture
def tls_server(leader: str, here: Identity) -> Iterator[str]:
    """A server that speaks TLS and shows the certificate of its address."""
    with Gateway(leader, tls=here.context) as gateway:
        yield gateway.server


@pytest.mark.parametrize(
    "lines",
    [
        ["ssl.truststore.type=PEM", "ssl.truststore.location={path}"],
        ["ssl.truststore.location={path}"],
        ["ssl.ca.location={path}"],
        ["ssl.truststore.type=PEM", "ssl.truststore.certificates={text}"],
    ],
)
def test_a_trusted_certificate(
    tls_server: str, here: Identity, take: Take, write: Write, lines: list[str]
) -> None:
    """A PEM truststore, a file or written out, lets the capture through TLS."""
    pem = here.certificate.read_text(encoding="ascii")
    text = " \\\n  ".join(pem.split("\n"))
    filled = [line.format(path=here.certificate, text=text) for line in lines]
    properties = write("security.protocol=SSL", *filled)
    assert take(tls_server, properties).batch_count == 2


def test_an_unknown_certificate(tls_server: str, take: Take, write: Write) -> None:
    """Without a truststore a self-signed certificate is refused, with the remedy."""
    with pytest.raises(
        AuthenticationError, match=r"not accepted: self.signed .*ssl\.truststore"
    ):
        take(tls_server, write("security.protocol=SSL"))


def test_the_name_is_checked(
    leader: str, elsewhere: Identity, take: Take, write: Write
) -> None:
    """A certificate of another name is refused, unless the properties say not to."""
    lines = [
        "security.protocol=SSL",
        f"ssl.truststore.location={elsewhere.certificate}",
    ]
    with Gateway(leader, tls=elsewhere.context) as gateway:
        with pytest.raises(AuthenticationError, match="IP address mismatch"):
            take(gateway.server, write(*lines))
        lines.append("ssl.endpoint.identification.algorithm=")
        assert take(gateway.server, write(*lines)).batch_count == 2


def test_a_client_without_tls(tls_server: str, take: Take) -> None:
    """A client without TLS at a server with it is told what to look at."""
    with pytest.raises(UnreachableBrokerError, match=r"another security\.protocol"):
        take(tls_server, None)


def test_a_server_without_tls(leader: str, take: Take, write: Write) -> None:
    """A client with TLS at a server without it is told what to look at."""
    with pytest.raises(CaptureError, match=r"another security\.protocol"):
        take(leader, write("security.protocol=SSL"))


@pytest.fixture
def strict_server(leader: str, here: Identity, elsewhere: Identity) -> Iterator[str]:
    """A server that wants to see the client's certificate: that of elsewhere."""
    context = here.context
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(elsewhere.certificate)
    with Gateway(leader, tls=context) as gateway:
        yield gateway.server


def test_a_client_without_a_certificate(
    strict_server: str, here: Identity, take: Take, write: Write
) -> None:
    """A server that wants a certificate and sees none is told as that."""
    lines = ("security.protocol=SSL", f"ssl.truststore.location={here.certificate}")
    with pytest.raises(CaptureError, match="certificate required"):
        take(strict_server, write(*lines))


def test_a_client_with_a_certificate(
    strict_server: str, here: Identity, elsewhere: Identity, take: Take, write: Write
) -> None:
    """A PEM keystore, in one file, in two or written out, shows the certificate."""
    key, chain = (
        path.read_text(encoding="ascii")
        for path in (elsewhere.key, elsewhere.certificate)
    )
    both = elsewhere.key.with_name("both.pem")
    both.write_text(key + chain, encoding="ascii")
    for lines in (
        ["ssl.keystore.type=PEM", f"ssl.keystore.location={both}"],
        [f"ssl.certificate.location={elsewhere.certificate}",
         f"ssl.key.location={elsewhere.key}"],
        ["ssl.keystore.key=" + key.replace("\n", "\\n"),
         "ssl.keystore.certificate.chain=" + " ".join(chain.split("\n"))],
    ):  # fmt: skip
        head = ["security.protocol=SSL", f"ssl.truststore.location={here.certificate}"]
        assert take(strict_server, write(*head, *lines)).batch_count == 2


def test_an_encrypted_key(elsewhere: Identity, write: Write, tmp_path: Path) -> None:
    """An encrypted key is read with its password; no terminal is asked for one."""
    key = tmp_path / "encrypted.key"
    subprocess.run(
        ["openssl", "pkcs8", "-topk8", "-in", str(elsewhere.key), "-out", str(key),
         "-passout", "pass:secret-of-key"],
        check=True, capture_output=True,
    )  # fmt: skip
    lines = [
        "security.protocol=SSL",
        f"ssl.certificate.location={elsewhere.certificate}",
        f"ssl.key.location={key}",
    ]
    for more, error in (
        ([], "ssl.key.password: is needed"),
        (["ssl.key.password=wrong-word"], "is no PEM that can be used"),
        (["ssl.key.password=secret-of-key"], None),
    ):
        properties = load_client_properties(write(*lines, *more))
        if error is None:
            assert make_tls_context(properties) is not None
        else:
            with pytest.raises(ClientPropertiesError, match=error) as info:
                make_tls_context(properties)
            assert "wrong-word" not in str(info.value)


@pytest.mark.skipif(shutil.which("keytool") is None, reason="there is no keytool")
def test_the_conversion_of_a_java_store_works(
    tls_server: str, here: Identity, take: Take, write: Write, tmp_path: Path
) -> None:
    """A JKS truststore is refused with the command that converts it, which does."""
    store = tmp_path / "trust.jks"
    subprocess.run(
        ["keytool", "-importcert", "-noprompt", "-alias", "here", "-storetype", "JKS",
         "-file", str(here.certificate), "-keystore", str(store),
         "-storepass", "changeit"],
        check=True, capture_output=True,
    )  # fmt: skip
    lines = ["security.protocol=SSL", f"ssl.truststore.location={store}"]
    with pytest.raises(ClientPropertiesError, match="is a JKS store") as info:
        take(tls_server, write(*lines))
    told = re.search(r"convert it once: (.*?)    and then set (.*)", str(info.value))
    assert told is not None
    command = ["sh", "-c", told[1]]
    subprocess.run(command, input=b"changeit\n", check=True, capture_output=True)
    lines = ["security.protocol=SSL", *told[2].split(" and ")]
    assert take(tls_server, write(*lines)).batch_count == 2


_JAAS = (
    "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required "
    'username="reader" password="{}";'
)


@pytest.mark.parametrize("has_tls", [False, True])
def test_a_user_with_a_password(
    leader: str, here: Identity, take: Take, write: Write, has_tls: bool
) -> None:
    """SASL PLAIN shows the user and the password of the JAAS entry, over TLS or not."""
    lines = [
        f"security.protocol=SASL_{'SSL' if has_tls else 'PLAINTEXT'}",
        "sasl.mechanism=PLAIN",
        f"ssl.truststore.location={here.certificate}",
    ]
    tls = here.context if has_tls else None
    with Gateway(leader, tls=tls, users={"reader": 'it"s a secret'}) as gateway:
        right = _JAAS.format('it\\\\"s a secret')
        assert take(gateway.server, write(*lines, right)).batch_count == 2
        with pytest.raises(
            AuthenticationError, match=r"refuses user 'reader': .*Invalid username"
        ) as info:
            take(gateway.server, write(*lines, _JAAS.format("guess-work")))
        assert "guess-work" not in str(info.value)


def test_a_refused_connection_is_closed(
    leader: str, here: Identity, take: Take, write: Write
) -> None:
    """Nothing is left open behind a refusal, though the server is slow to hang up."""
    lines = [
        "security.protocol=SASL_SSL",
        "sasl.mechanism=PLAIN",
        f"ssl.truststore.location={here.certificate}",
        _JAAS.format("guess-work"),
    ]
    users = {"reader": "a secret"}
    with (
        Gateway(leader, tls=here.context, users=users, linger_s=0.3) as gateway,
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        with pytest.raises(AuthenticationError):
            take(gateway.server, write(*lines))
        gc.collect()
    assert [str(each.message) for each in caught] == []


def test_a_mechanism_that_the_server_lacks(
    leader: str, take: Take, write: Write
) -> None:
    """A server that knows other mechanisms is told with those."""
    lines = ("security.protocol=SASL_PLAINTEXT", "sasl.mechanism=SCRAM-SHA-256")
    with (
        Gateway(leader, users={}) as gateway,
        pytest.raises(AuthenticationError, match=r"Enabled mechanisms are: \['PLAIN'"),
    ):
        take(gateway.server, write(*lines, _JAAS.format("x")))
