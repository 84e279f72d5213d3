"""The TLS context that a client properties file asks for.

Where Java's client and Python's ``ssl`` differ by default, Java's way is taken, since
it is Java's files that are read.
"""

import re
import ssl
import tempfile
from pathlib import Path

from complab.errors import ClientPropertiesError
from complab.kafka.client_properties import ClientProperties

_BLOCK = re.compile(
    r"-----BEGIN (?P<kind>[A-Z0-9 ]+)-----(?P<body>[^-]*)-----END (?P=kind)-----"
)
_LINE_CHARACTERS = 64


def make_tls_context(properties: ClientProperties) -> ssl.SSLContext | None:
    """The context for ``properties``; ``None`` where connections are not encrypted.

    Raises ``ClientPropertiesError`` if a PEM file or text cannot be used.
    """
    if not properties.has_tls:
        return None
    tls = properties.tls
    context = ssl.create_default_context()
    # Python 3.13 began to refuse authorities that lack a key identifier or a critical
    # flag, as many that were made by hand for a Kafka cluster do; Java takes them.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.check_hostname = tls.checks_host_name
    if tls.authorities_pem or tls.authorities_path:
        # Without either, the system's authorities were loaded: Java has a list, too.
        context = _trust_only(context, properties)
    if tls.chain_pem or tls.chain_path:
        _load_chain(context, properties)
    return context


def _trust_only(
    default: ssl.SSLContext, properties: ClientProperties
) -> ssl.SSLContext:
    """A context like ``default`` that trusts none but the file's authorities."""
    tls = properties.tls
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags = default.verify_flags
    context.check_hostname = default.check_hostname
    key = "ssl.truststore.location"
    try:
        if tls.authorities_pem:
            key = "ssl.truststore.certificates"
            context.load_verify_locations(cadata=reflow_pem(tls.authorities_pem))
        else:
            context.load_verify_locations(cafile=tls.authorities_path)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise _unusable(properties, key, tls.authorities_path, error) from None
    if not context.get_ca_certs():
        message = "holds no certificate of an authority"
        raise ClientPropertiesError(message, path=properties.path, key=key)
    return context


def _load_chain(context: ssl.SSLContext, properties: ClientProperties) -> None:
    """Let the client show its certificates. OpenSSL reads them from files only."""
    tls = properties.tls

    def password() -> str:
        # Without this, OpenSSL would ask the terminal.
        if tls.key_password is None:
            message = "is needed: the client's key is encrypted"
            raise ClientPropertiesError(
                message, path=properties.path, key="ssl.key.password"
            )
        return tls.key_password

    key = "ssl.keystore.location"
    with tempfile.TemporaryDirectory(prefix="complab-") as folder:  # mode 0700
        chain_path, key_path = tls.chain_path, tls.key_path
        if tls.chain_pem and tls.key_pem:
            key = "ssl.keystore.certificate.chain"
            chain_path, key_path = f"{folder}/chain.pem", f"{folder}/key.pem"
            Path(chain_path).write_text(reflow_pem(tls.chain_pem), encoding="ascii")
            Path(key_path).write_text(reflow_pem(tls.key_pem), encoding="ascii")
        try:
            context.load_cert_chain(str(chain_path), key_path, password)
        except (OSError, ValueError) as error:
            raise _unusable(properties, key, tls.chain_path, error) from None


def _unusable(
    properties: ClientProperties, key: str, path: str | None, error: Exception
) -> ClientPropertiesError:
    if isinstance(error, ssl.SSLError):
        reason = "is no PEM that can be used"
        if error.reason:  # such as KEY_VALUES_MISMATCH, or BAD_DECRYPT
            reason += f" ({error.reason.lower().replace('_', ' ')})"
    elif isinstance(error, OSError):
        reason = f"cannot be read: {error.strerror or error}"
    else:
        reason = "is no PEM that can be used"
    place = "" if key.endswith((".certificates", ".chain")) else f"{path} "
    return ClientPropertiesError(place + reason, path=properties.path, key=key)


def reflow_pem(text: str) -> str:
    """PEM with the line breaks that OpenSSL wants and property files lose.

    Raises ``ValueError`` if there is no PEM in the text.

    >>> print(reflow_pem("-----BEGIN X----- QUJD REVG -----END X-----"), end="")
    -----BEGIN X-----
    QUJDREVG
    -----END X-----
    """
    lines = []
    for block in _BLOCK.finditer(text):
        body = "".join(block["body"].split())
        lines.append(f"-----BEGIN {block['kind']}-----")
        lines += [
            body[begin : begin + _LINE_CHARACTERS]
            for begin in range(0, len(body), _LINE_CHARACTERS)
        ]
        lines.append(f"-----END {block['kind']}-----")
    if not lines:
        message = "no PEM"
        raise ValueError(message)
    return "\n".join(lines) + "\n"
