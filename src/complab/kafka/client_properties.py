"""A client properties file: how Kafka's own tools are told to reach a secured cluster.

``load_client_properties`` reads what the Java client's ``--command-config`` files say
about security, and nothing else: the table ``MAPPED_KEYS`` names each key. Other keys
are passed over and told (``unused_keys``). The names by which librdkafka knows the
same settings are taken too. No message ever shows a value, since it may be secret.

Not for Kerberos and OAuth, nor for Java's key stores: those are errors that say what
to do.

Source: org.apache.kafka.common.config.{SslConfigs, SaslConfigs} and
org.apache.kafka.common.security.JaasConfig.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from complab.errors import ClientPropertiesError, InputError
from complab.kafka.java_properties import parse_properties

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")

MAPPED_KEYS = {
    "bootstrap.servers": "the servers, where the caller names none",
    "client.id": "the name that the brokers' logs show",
    "security.protocol": ", ".join(PROTOCOLS),
    "sasl.mechanism": ", ".join(MECHANISMS),
    "sasl.mechanisms": "as sasl.mechanism (librdkafka)",
    "sasl.jaas.config": "user name and password, of PlainLoginModule and "
    "ScramLoginModule",
    "sasl.username": "user name (librdkafka)",
    "sasl.password": "password (librdkafka)",
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": "PEM file of the authorities to trust",
    "ssl.truststore.certificates": "the same, written out",
    "ssl.ca.location": "as ssl.truststore.location (librdkafka)",
    "ssl.ca.pem": "as ssl.truststore.certificates (librdkafka)",
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": "PEM file of the client's key and certificates",
    "ssl.keystore.key": "the client's key, written out",
    "ssl.keystore.certificate.chain": "the client's certificates, written out",
    "ssl.certificate.location": "PEM file of the client's certificates (librdkafka)",
    "ssl.key.location": "PEM file of the client's key (librdkafka)",
    "ssl.key.password": "of the client's key, where it is encrypted",
    "ssl.endpoint.identification.algorithm": "empty: a broker's name is not checked",
}
"""The keys that are used, each with what it may say."""

# A store's password opens Java's kinds of store; a PEM file has none.
_NEEDLESS_KEYS = frozenset({"ssl.truststore.password", "ssl.keystore.password"})

_PEM_MARK = b"-----BEGIN "


@dataclass(frozen=True, slots=True)
class TlsProperties:
    """What TLS needs: PEM text, PEM files, or ``None`` where the file says nothing.

    Of an authority, a key or a chain, the text comes before the file.
    """

    authorities_path: str | None = None
    authorities_pem: str | None = None
    chain_path: str | None = None
    chain_pem: str | None = None
    key_path: str | None = None
    key_pem: str | None = field(default=None, repr=False)
    key_password: str | None = field(default=None, repr=False)
    checks_host_name: bool = True


@dataclass(frozen=True, slots=True)
class ClientProperties:
    """What a client properties file says of connecting; without one, the defaults."""

    path: str = ""
    bootstrap_servers: str | None = None
    client_id: str = "complab"
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    tls: TlsProperties = TlsProperties()
    unused_keys: tuple[str, ...] = ()

    @property
    def has_tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.security_protocol in {"SSL", "SASL_SSL"}

    @property
    def has_sasl(self) -> bool:
        """Whether the client says who it is by SASL."""
        return self.security_protocol.startswith("SASL_")

    @property
    def sends_password_in_clear(self) -> bool:
        """Whether anyone on the way can read the password."""
        return self.sasl_mechanism == "PLAIN" and not self.has_tls


def load_client_properties(path: str) -> ClientProperties:
    """Read a client properties file.

    Raises ``InputError`` if it cannot be read, ``ClientPropertiesError`` for a value
    that cannot be used: the wrong word, a mechanism that is not known here, a Java key
    store (with the command that converts it), a ``${...}`` that names a secret kept
    elsewhere.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise InputError(message, path=path) from None
    return _Mapping(path, parse_properties(data)).to_properties()


class _Mapping:
    """The keys of one file on their way to what they mean."""

    def __init__(self, path: str, properties: dict[str, str]) -> None:
        self._path = path
        self._properties = properties

    def to_properties(self) -> ClientProperties:
        for key in MAPPED_KEYS:
            if "${" in self._properties.get(key, ""):
                reason = (
                    "names a value that a config.provider keeps, which only Java can "
                    "ask for: write the value here, in a file that only you can read"
                )
                raise self._error(key, reason)
        protocol = self._word("security.protocol", PROTOCOLS, "PLAINTEXT")
        has_sasl = protocol.startswith("SASL_")
        mechanism = self._mechanism() if has_sasl else None
        username, password = self._credentials() if has_sasl else (None, None)
        has_tls = protocol in {"SSL", "SASL_SSL"}
        return ClientProperties(
            path=self._path,
            bootstrap_servers=self._text("bootstrap.servers"),
            client_id=self._text("client.id") or "complab",
            security_protocol=protocol,
            sasl_mechanism=mechanism,
            sasl_username=username,
            sasl_password=password,
            tls=self._tls() if has_tls else TlsProperties(),
            unused_keys=tuple(
                sorted(set(self._properties) - set(MAPPED_KEYS) - _NEEDLESS_KEYS)
            ),
        )

    def _error(self, key: str, message: str) -> ClientPropertiesError:
        return ClientPropertiesError(message, path=self._path, key=key)

    def _text(self, *keys: str) -> str | None:
        """The value of the first key that is there and not empty."""
        for key in keys:
            if value := self._properties.get(key, "").strip():
                return value
        return None

    def _word(self, key: str, known: tuple[str, ...], default: str) -> str:
        word = (self._text(key) or default).upper()
        if word not in known:
            message = f"is none of {', '.join(known)}"
            raise self._error(key, message)
        return word

    def _mechanism(self) -> str:
        key = "sasl.mechanism"
        word = self._text(key, "sasl.mechanisms")
        if word is None:
            message = (
                "is not set, and Java's default is GSSAPI (Kerberos), which complab "
                f"cannot do: it can {', '.join(MECHANISMS)}"
            )
            raise self._error(key, message)
        if word.upper() not in MECHANISMS:
            message = (
                f"only {', '.join(MECHANISMS)} are known here: ask for a user of one "
                "of these, or for a listener that needs none"
            )
            raise self._error(key, message)
        return word.upper()

    def _credentials(self) -> tuple[str, str]:
        jaas = self._text("sasl.jaas.config")
        if jaas is not None:
            return self._read_jaas(jaas)
        username = self._text("sasl.username")
        password = self._properties.get("sasl.password")
        if username is None or password is None:
            message = (
                "is not set; it holds the user, as in: org.apache.kafka.common.security"
                '.plain.PlainLoginModule required username="..." password="...";'
            )
            raise self._error("sasl.jaas.config", message)
        return username, password

    def _read_jaas(self, text: str) -> tuple[str, str]:
        key = "sasl.jaas.config"
        try:
            module, options = parse_jaas(text)
        except ValueError as error:
            raise self._error(key, str(error)) from None
        if not module.endswith((".PlainLoginModule", ".ScramLoginModule")):
            message = "only PlainLoginModule and ScramLoginModule are known here"
            raise self._error(key, message)
        if options.get("tokenauth", "").lower() == "true":
            message = "delegation tokens (tokenauth) are not known here"
            raise self._error(key, message)
        if "username" not in options or "password" not in options:
            message = 'has no username="..." or no password="..."'
            raise self._error(key, message)
        return options["username"], options["password"]

    def _tls(self) -> TlsProperties:
        algorithm = self._properties.get("ssl.endpoint.identification.algorithm")
        checks = algorithm is None or algorithm.strip().lower() not in {"", "none"}
        chain_path = self._text("ssl.certificate.location")
        key_path = self._text("ssl.key.location") or chain_path
        if store := self._store("keystore"):
            chain_path = key_path = store
        tls = TlsProperties(
            authorities_path=self._store("truststore") or self._text("ssl.ca.location"),
            authorities_pem=self._text("ssl.truststore.certificates", "ssl.ca.pem"),
            chain_path=chain_path,
            chain_pem=self._text("ssl.keystore.certificate.chain"),
            key_path=key_path,
            key_pem=self._text("ssl.keystore.key"),
            key_password=self._text("ssl.key.password"),
            checks_host_name=checks,
        )
        if (tls.chain_pem is None) != (tls.key_pem is None):
            message = "ssl.keystore.key and ssl.keystore.certificate.chain go together"
            raise self._error("ssl.keystore.key", message)
        return tls

    def _store(self, name: str) -> str | None:
        """The location of a store of PEM; any other kind is an error."""
        key = f"ssl.{name}.location"
        location = self._text(key)
        kind = (self._text(f"ssl.{name}.type") or "").upper()
        if location is None:
            return None
        if kind == "PEM":
            return location
        try:
            is_pem = _PEM_MARK in Path(location).read_bytes()
        except OSError as error:
            message = f"{location} cannot be read: {error.strerror or error}"
            raise self._error(key, message) from None
        if not kind and is_pem:
            return location
        message = (
            f"{location} is a {kind or 'JKS'} store, and only PEM can be read; "
            + _conversion(name, location, kind)
        )
        raise self._error(key, message)


def _conversion(name: str, location: str, kind: str) -> str:
    """The commands that make a PEM file of a Java key store."""
    pem = str(Path(location).with_suffix(".pem"))
    if name == "truststore":
        commands = f"keytool -list -rfc -keystore {location} > {pem}"
    else:
        store, first = location, ""
        if kind != "PKCS12":
            store = str(Path(location).with_suffix(".p12"))
            first = (
                f"keytool -importkeystore -srckeystore {location} "
                f"-destkeystore {store} -deststoretype PKCS12 && "
            )
        commands = f"{first}openssl pkcs12 -in {store} -out {pem}"
    return (
        f"convert it once: {commands}    and then set ssl.{name}.type=PEM and "
        f"ssl.{name}.location={pem}"
    )


_JAAS_HEAD = re.compile(r"\s*(?P<module>[\w.$]+)\s+(?P<flag>\w+)\s*")
_JAAS_OPTION = re.compile(
    r"""(?P<name>[\w.-]+)\s*=\s*
    (?:"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'|(?P<bare>[^\s;"']+))
    \s*""",
    re.DOTALL | re.VERBOSE,
)
_JAAS_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def parse_jaas(text: str) -> tuple[str, dict[str, str]]:
    r"""The login module and its options, of one JAAS entry.

    Raises ``ValueError``, without any part of the text, if it is no such entry.

    >>> parse_jaas('a.PlainLoginModule required username="me" password="my\\"s";')
    ('a.PlainLoginModule', {'username': 'me', 'password': 'my"s'})
    """
    head = _JAAS_HEAD.match(text)
    if head is None:
        message = 'is no "module required name=value ...;"'
        raise ValueError(message)
    options = {}
    at = head.end()
    while option := _JAAS_OPTION.match(text, at):
        value = option["bare"] or option["double"] or option["single"] or ""
        if option["bare"] is None:
            value = re.sub(
                r"\\(.)",
                lambda escape: _JAAS_ESCAPES.get(escape[1], escape[1]),
                value,
                flags=re.DOTALL,
            )
        options[option["name"]] = value
        at = option.end()
    if text[at:].strip() != ";":
        message = (
            f"cannot be understood from character {at + 1} on: an entry is "
            "name=value, in quotes where there are other characters than letters and "
            "digits, and a semicolon ends it"
        )
        raise ValueError(message)
    return head["module"], options
