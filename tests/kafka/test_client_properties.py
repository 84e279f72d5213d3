"""Client properties files: which keys mean what, and what cannot be used."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complab.errors import ClientPropertiesError, InputError
from complab.kafka.client_properties import (
    MAPPED_KEYS,
    ClientProperties,
    load_client_properties,
    parse_jaas,
)
from complab.kafka.java_properties import parse_properties
from complab.kafka.tls import make_tls_context

Load = Callable[..., ClientProperties]

_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a file of these lines."""

    def load_lines(*lines: str) -> ClientProperties:
        path = tmp_path / "client.properties"
        path.write_text("\n".join(lines), encoding="latin-1")
        return load_client_properties(str(path))

    return load_lines


def test_properties_as_java_reads_them() -> None:
    """Separators, comments, continued lines and escapes are those of Java."""
    data = (
        b"# comment\n  ! another\r\n\n"
        b"a=1\n b : 2\nc 3\nd\t=\t4 \ne\n"
        b"f\\=g\\ h = x\\ty\\u00e9\\q\n"
        b"long = one, \\\n    two\\\\\n"
        b"twice = 1\ntwice = 2\n"
        b"latin = \xe9\n"
        b"last = \\"
    )
    assert parse_properties(data) == {
        "a": "1",
        "b": "2",
        "c": "3",
        "d": "4 ",
        "e": "",
        "f=g h": "x\tyéq",
        "long": "one, two\\",
        "twice": "2",
        "latin": "é",
        "last": "",
    }


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=5))
def test_properties_that_java_would_write(properties: dict[str, str]) -> None:
    """With every character escaped, any keys and values come back."""

    def escape(text: str) -> str:
        units = text.encode("utf-16-be", "surrogatepass")
        return "".join(
            f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2)
        )

    lines = [f"{escape(key)}={escape(value)}" for key, value in properties.items()]
    found = parse_properties("\n".join(lines).encode())

    def whole(text: str) -> str:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")

    assert {whole(key): whole(value) for key, value in found.items()} == properties


def test_nothing_said_means_javas_defaults(load: Load) -> None:
    """An empty file is a client without TLS and without a user."""
    properties = load("")
    assert properties == ClientProperties(path=properties.path)
    assert make_tls_context(properties) is None


def test_keys_that_mean_nothing_here_are_told(load: Load) -> None:
    """Keys that are not mapped are listed; a needless password of a store is not."""
    properties = load(
        "group.id=g", "security.protocol=SSL", "ssl.cipher.suites=x",
        "ssl.truststore.password=y", "bootstrap.servers=a:1,b:2", "client.id=me",
    )  # fmt: skip
    assert properties.unused_keys == ("group.id", "ssl.cipher.suites")
    assert properties.bootstrap_servers == "a:1,b:2"
    assert properties.client_id == "me"


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_users_of_jaas(load: Load, mechanism: str) -> None:
    """A JAAS entry gives user and password to each mechanism that is known."""
    properties = load(
        "security.protocol = SASL_SSL",
        f"sasl.mechanism = {mechanism}",
        "sasl.jaas.config = \\",
        "  org.apache.kafka.common.security.scram.ScramLoginModule required \\",
        '  username="me" \\',
        '  password="my secret";',
    )
    assert properties.sasl_mechanism == mechanism
    assert (properties.sasl_username, properties.sasl_password) == ("me", "my secret")
    assert not properties.sends_password_in_clear
    assert "my secret" not in repr(properties)


def test_users_of_librdkafka(load: Load) -> None:
    """librdkafka's two keys give them as well; in the clear, that is known."""
    properties = load(
        "security.protocol=sasl_plaintext", "sasl.mechanisms=PLAIN",
        "sasl.username=me", "sasl.password=",
    )  # fmt: skip
    assert (properties.sasl_username, properties.sasl_password) == ("me", "")
    assert properties.sends_password_in_clear


@pytest.mark.parametrize(
    ("lines", "key", "message"),
    [
        (["security.protocol=TLS"], "security.protocol", "none of PLAINTEXT, SSL"),
        (["security.protocol=SASL_SSL"], "sasl.mechanism", "default is GSSAPI"),
        (["security.protocol=SASL_SSL", "sasl.mechanism=OAUTHBEARER"],
         "sasl.mechanism", "only PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 are known"),
        (["security.protocol=SASL_SSL", "sasl.mechanism=PLAIN"],
         "sasl.jaas.config", "is not set"),
        (["security.protocol=SASL_SSL", "sasl.mechanism=PLAIN",
          "sasl.jaas.config=com.sun.security.auth.module.Krb5LoginModule required;"],
         "sasl.jaas.config", "only PlainLoginModule and ScramLoginModule"),
        (["security.protocol=SASL_SSL", "sasl.mechanism=PLAIN",
          f'sasl.jaas.config={_PLAIN} required username="secret";'],
         "sasl.jaas.config", "no password="),
        (["security.protocol=SASL_SSL", "sasl.mechanism=PLAIN",
          f'sasl.jaas.config={_PLAIN} required password="secret"'],
         "sasl.jaas.config", "semicolon"),
        (["security.protocol=SASL_SSL", "sasl.mechanism=PLAIN",
          "sasl.jaas.config=secret"],
         "sasl.jaas.config", 'is no "module'),
        (["security.protocol=SASL_SSL", "sasl.mechanism=SCRAM-SHA-256",
          ('sasl.jaas.config=a.ScramLoginModule required username="a" '
          'password="secret" tokenauth="true";')],
         "sasl.jaas.config", "delegation tokens"),
        (["security.protocol=SASL_SSL", "sasl.password=${file:/secret:p}"],
         "sasl.password", "config.provider"),
        (["security.protocol=SSL", "ssl.truststore.location=/no/such.jks"],
         "ssl.truststore.location", "/no/such.jks cannot be read"),
        (["security.protocol=SSL", "ssl.keystore.key=x"],
         "ssl.keystore.key", "go together"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_used(
    load: Load, lines: list[str], key: str, message: str
) -> None:
    """Each is an error that names the file and the key, and never shows a secret."""
    with pytest.raises(ClientPropertiesError, match=message) as info:
        load(*lines)
    assert info.value.key == key
    assert f"client.properties: {key}: " in str(info.value)
    assert "secret" not in str(info.value)


@pytest.mark.parametrize(
    ("kind", "commands"),
    [
        ("", ("keytool -importkeystore -srckeystore {0}.jks -destkeystore {0}.p12 "
         "-deststoretype PKCS12 && openssl pkcs12 -in {0}.p12 -out {0}.pem")),
        ("PKCS12", "once: openssl pkcs12 -in {0}.jks -out {0}.pem"),
    ],
)  # fmt: skip
def test_java_key_stores_get_the_conversion(
    load: Load, tmp_path: Path, kind: str, commands: str
) -> None:
    """A client's key in a Java store is refused with the commands that convert it."""
    (tmp_path / "key.jks").write_bytes(b"\xfe\xed\xfe\xed")
    lines = ["security.protocol=SSL", f"ssl.keystore.location={tmp_path}/key.jks"]
    if kind:
        lines.append(f"ssl.keystore.type={kind}")
    with pytest.raises(ClientPropertiesError) as info:
        load(*lines)
    assert commands.format(tmp_path / "key") in str(info.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ssl.truststore.location={0}/none.pem", "none.pem cannot be read: No such"),
        ("ssl.truststore.location={0}/bad.pem", "bad.pem is no PEM that can be used"),
        ("ssl.truststore.certificates=nothing", "certificates: is no PEM that can"),
        ("ssl.keystore.location={0}/bad.pem", "bad.pem is no PEM that can be used"),
    ],
)
def test_certificates_that_cannot_be_used(
    load: Load, tmp_path: Path, line: str, message: str
) -> None:
    """What is no PEM, or is not there, is told with the key's name and the file's."""
    (tmp_path / "bad.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n")
    properties = load(
        "security.protocol=SSL", "ssl.truststore.type=PEM", "ssl.keystore.type=PEM",
        line.format(tmp_path),
    )  # fmt: skip
    with pytest.raises(ClientPropertiesError, match=message):
        make_tls_context(properties)


def test_a_file_that_is_not_there() -> None:
    """A client properties file that cannot be read is an input error."""
    with pytest.raises(InputError, match="no-such-file: cannot be read: No such file"):
        load_client_properties("no-such-file")


def test_jaas_quotes() -> None:
    """Values may stand in either quotes, with escapes, or bare."""
    text = r"""a.B required one="x\"y\\" two='p q' three=bare;"""
    assert parse_jaas(text) == (
        "a.B",
        {"one": 'x"y\\', "two": "p q", "three": "bare"},
    )


def test_every_mapped_key_says_what_it_may_hold() -> None:
    """The table of mapped keys has words for each."""
    assert all(MAPPED_KEYS.values())
