"""A gateway on loopback in front of a mock broker, which speaks neither TLS nor SASL.

It ends TLS itself, and it can ask for a user by SASL PLAIN: that exchange is the test's
own reading of Kafka's protocol guide, no broker's. Everything else passes through as it
is, but for the broker's address in answers, in whose place stands the gateway's.
"""

import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

_API_VERSIONS = 18
_SASL_HANDSHAKE = 17
_SASL_AUTHENTICATE = 36
_AUTHENTICATION_FAILED = 58
# Key, least and newest version of the two requests that the broker does not have.
_SASL_VERSIONS = struct.pack(">6h", _SASL_HANDSHAKE, 0, 1, _SASL_AUTHENTICATE, 0, 0)


class Gateway:
    """Listens on a port of 127.0.0.1 and passes on to ``broker`` (host:port)."""

    def __init__(
        self,
        broker: str,
        *,
        tls: ssl.SSLContext | None = None,
        users: Mapping[str, str] | None = None,
        linger_s: float = 0.0,
    ) -> None:
        """Listen; with ``tls`` encrypted, with ``users`` for these and passwords.

        ``linger_s`` is how long it takes to notice that a client has hung up.
        """
        host, port = broker.rsplit(":", 1)
        self._broker = (host, int(port))
        self._tls = tls
        self._users = users
        self._linger_s = linger_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = int(self._listener.getsockname()[1])
        self.server = f"127.0.0.1:{self._port}"
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        """Begin to take connections."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take no more; connections end when their clients close them."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _listen(self) -> None:
        servants = []
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # shut down
                break
            servant = threading.Thread(target=self._serve, args=(client,))
            servant.start()
            servants.append(servant)
        for servant in servants:
            servant.join()

    def _serve(self, plain: socket.socket) -> None:
        """One connection, a request at a time, until either side closes it."""
        client = plain
        if self._tls is not None:
            client = self._tls.wrap_socket(plain, True, do_handshake_on_connect=False)
        with client:
            if isinstance(client, ssl.SSLSocket) and not _shake_hands(client):
                return
            with socket.create_connection(self._broker) as broker:
                try:
                    while (request := _receive(client)) is not None:
                        answer = self._answer(request)
                        if answer is None:
                            _send(broker, request)
                            answer = self._rewrite(request, _receive(broker))
                        if answer is None:
                            return
                        _send(client, answer)
                except OSError:
                    return
                time.sleep(self._linger_s)

    def _answer(self, request: bytes) -> bytes | None:
        """The gateway's own answer to SASL's requests; ``None`` to all others."""
        api_key, _, correlation_id, name_bytes = struct.unpack_from(">hhih", request)
        head, body = struct.pack(">i", correlation_id), request[10 + name_bytes :]
        if self._users is None:
            return None
        if api_key == _SASL_HANDSHAKE:
            return head + struct.pack(">hih5s", 0, 1, 5, b"PLAIN")
        if api_key == _SASL_AUTHENTICATE:
            _, user, password = body[4:].decode().split("\0")
            if self._users.get(user) == password:
                return head + struct.pack(">hhi", 0, -1, 0)
            message = b"Authentication failed: Invalid username or password"
            code = struct.pack(">hh", _AUTHENTICATION_FAILED, len(message))
            return head + code + message + struct.pack(">i", 0)
        return None

    def _rewrite(self, request: bytes, answer: bytes | None) -> bytes | None:
        (api_key,) = struct.unpack_from(">h", request)
        if answer is None:
            return None
        if api_key == _API_VERSIONS and self._users is not None:
            # Behind the correlation id and the error code: the number of entries.
            (count,) = struct.unpack_from(">i", answer, 6)
            begin, end = 10, 10 + 6 * count
            entries = answer[begin:end] + _SASL_VERSIONS
            return answer[:6] + struct.pack(">i", count + 2) + entries + answer[end:]
        host = self._broker[0].encode()
        name = struct.pack(">h", len(host)) + host
        return answer.replace(
            name + struct.pack(">i", self._broker[1]),
            name + struct.pack(">i", self._port),
        )


def _shake_hands(client: ssl.SSLSocket) -> bool:
    """Whether the client and the gateway accept each other.

    If not, the client gets to read why: closing at once, with bytes of it unread,
    would reset the connection, and the alert could be lost.
    """
    try:
        client.do_handshake()
    except OSError:
        with suppress(OSError):
            client.shutdown(socket.SHUT_WR)
            while os.read(client.fileno(), 4096):
                pass
        return False
    return True


def _receive(stream: socket.socket) -> bytes | None:
    """A whole message; ``None`` if the other side closed."""
    head = _receive_bytes(stream, 4)
    if head is None:
        return None
    (size_bytes,) = struct.unpack(">i", head)
    return _receive_bytes(stream, size_bytes)


def _receive_bytes(stream: socket.socket, size_bytes: int) -> bytes | None:
    data = b""
    while len(data) < size_bytes:
        some = stream.recv(size_bytes - len(data))
        if not some:
            return None
        data += some
    return data


def _send(stream: socket.socket, message: bytes) -> None:
    stream.sendall(struct.pack(">i", len(message)) + message)
