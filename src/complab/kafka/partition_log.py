"""One partition's log on a live cluster, asked with plain requests to its leader.

The only user of aiokafka, of which it takes the connection and the requests alone: no
consumer, no group, no commit, and a topic that is not there is not created by asking.
A leader that changed, moved or broke is found again and asked again, until nothing
came for ``timeout_s``. Fetch reads to the high watermark (isolation level 0): what is
wanted are bytes as stored, aborted transactions and control batches among them, so the
last stable offset plays no part.

Source: Kafka's protocol guide, Metadata, ListOffsets and Fetch.
"""

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from complab.errors import (
    AuthenticationError,
    AuthorizationError,
    CaptureError,
    CaptureLibraryError,
    CaptureTimeoutError,
    UnknownPartitionError,
    UnknownTopicError,
    UnreachableBrokerError,
)
from complab.kafka.tls import make_tls_context
from complab.render.escape import escape_controls

if TYPE_CHECKING:
    from complab.kafka.client_properties import ClientProperties

DEFAULT_PORT = 9092

EARLIEST = -2
LATEST = -1
"""What ListOffsets takes for a time (ms since 1970) to ask for the log's two ends."""

# How long the broker waits for news before it answers with none; Java's default.
_FETCH_WAIT_MS = 500
_LARGEST_PORT = 65535
_RETRY_S = 0.1
# A broker that does not answer TLS's goodbye is not waited for any longer.
_CLOSING_S = 2.0

_OFFSET_OUT_OF_RANGE = 1
_UNKNOWN_TOPIC_OR_PARTITION = 3
_INVALID_TOPIC = 17
_TOPIC_AUTHORIZATION_FAILED = 29
_CLUSTER_AUTHORIZATION_FAILED = 31
# The codes after which the leader is looked for again, with their names in the guide.
_PASSING_CODES = {
    _UNKNOWN_TOPIC_OR_PARTITION: "UNKNOWN_TOPIC_OR_PARTITION",
    5: "LEADER_NOT_AVAILABLE",
    6: "NOT_LEADER_OR_FOLLOWER",
    7: "REQUEST_TIMED_OUT",
    8: "BROKER_NOT_AVAILABLE",
    9: "REPLICA_NOT_AVAILABLE",
    13: "NETWORK_EXCEPTION",
    56: "KAFKA_STORAGE_ERROR",
    74: "FENCED_LEADER_EPOCH",
    75: "UNKNOWN_LEADER_EPOCH",
    78: "OFFSET_NOT_AVAILABLE",
}

_ADVICE_PROTOCOL = (
    "does it speak another security.protocol? --command-config takes a client "
    "properties file"
)
_ADVICE_CERTIFICATE = "does it want to see a certificate (ssl.keystore.location)?"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A Fetch answer: whole entries and perhaps a cut one at the end.

    ``is_out_of_range``: the log does not hold the offset that was asked for.
    """

    data: bytes
    high_watermark: int
    is_out_of_range: bool


class _PassingError(Exception):
    """A failure that may be over after another look at who leads the partition."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class PartitionLog:
    """The log of ``topic``'s ``partition``; to be used as an asynchronous context.

    Every method can raise ``CaptureError`` and its kin: the broker cannot be reached
    or trusts the client not, the topic or the partition is unknown, the user lacks the
    right, or nothing came within ``timeout_s`` seconds. Making it raises
    ``CaptureLibraryError`` without aiokafka and ``ClientPropertiesError`` if a
    certificate cannot be used.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        topic: str,
        partition: int,
        *,
        properties: "ClientProperties",
        timeout_s: float,
    ) -> None:
        """Read the settings; nothing is asked yet."""
        try:
            import aiokafka  # noqa: F401 - whether it is there
        except ImportError:
            message = "is not installed: python -m pip install 'complab[capture]'"
            raise CaptureLibraryError(message, place="aiokafka") from None
        self.name = f"{topic}-{partition}"
        self._servers = bootstrap_servers
        self._topic = topic
        self._partition = partition
        self._properties = properties
        self._timeout_s = timeout_s
        self._wait_ms = min(_FETCH_WAIT_MS, int(timeout_s * 1000) // 2)
        self._tls_context = make_tls_context(properties)
        self._connection: Any = None
        self._is_known = False
        self._place = bootstrap_servers

    async def __aenter__(self) -> Self:
        """Find the partition's leader: one round of the servers, without a retry."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._find_leader()
        except TimeoutError:
            raise self._timed_out(None) from None
        except _PassingError as error:
            raise UnreachableBrokerError(error.reason, place=error.place) from None
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection."""
        await self._disconnect()

    async def range(self) -> tuple[int, int]:
        """The first offset of the log, and its high watermark: the end for readers."""
        first = await self.offset_at(EARLIEST)
        end = await self.offset_at(LATEST)
        return first or 0, end or 0

    async def offset_at(self, timestamp_ms: int) -> int | None:
        """The first offset whose record is of that time or later; ``None`` if none.

        ``EARLIEST`` and ``LATEST`` are times, too.
        """
        from aiokafka.protocol.offset import OffsetRequest

        topics = [(self._topic, [(self._partition, timestamp_ms)])]
        answer = await self._ask(lambda: OffsetRequest(-1, 0, topics))
        offset = int(answer["offset"])
        return offset if offset >= 0 else None

    async def fetch(self, offset: int, limit_bytes: int) -> Fetched:
        """The entries from the one that holds ``offset`` on, about ``limit_bytes``.

        A broker sends a first entry whole that is larger than the limit. Without news
        the answer is empty, after half a second.
        """
        from aiokafka.protocol.fetch import FetchRequest

        topics = [(self._topic, [(self._partition, offset, limit_bytes)])]
        answer = await self._ask(
            lambda: FetchRequest(self._wait_ms, 1, limit_bytes, 0, topics)
        )
        if "last_stable_offset" not in answer:
            message = (
                f"{self._place} is older than Kafka 0.11 (Fetch 4) and would convert "
                "batches on their way: copy the segments of its log instead"
            )
            raise CaptureError(message, place=self.name)
        return Fetched(
            answer["message_set"] or b"",
            int(answer["highwater_offset"]),
            answer["error_code"] == _OFFSET_OUT_OF_RANGE,
        )

    async def _ask(self, make_request: Callable[[], object]) -> dict[str, Any]:
        """Send to the leader until it answers for the partition; the answer's part."""
        last: _PassingError | None = None
        try:
            async with asyncio.timeout(self._timeout_s):
                while True:
                    try:
                        if self._connection is None:
                            await self._find_leader()
                        return await self._ask_once(make_request())
                    except _PassingError as error:
                        last = error
                        await self._disconnect()
                        await asyncio.sleep(_RETRY_S)
        except TimeoutError:
            raise self._timed_out(last) from None

    async def _ask_once(self, request: object) -> dict[str, Any]:
        response = await self._guard(
            self._place, lambda: self._connection.send(request)
        )
        answer = _by_name(
            response.SCHEMA, [response.get_item(n) for n in response.SCHEMA.names]
        )
        # A broker that throttles a client tells it to wait (KIP-219).
        if throttle_ms := answer.get("throttle_time_ms", 0):
            await asyncio.sleep(throttle_ms / 1000)
        self._judge(answer.get("error_code", 0))
        (topic,) = answer["topics"]
        (part,) = topic[next(name for name in topic if name.startswith("partition"))]
        self._judge(part["error_code"])
        return dict(part)

    def _judge(self, code: int) -> None:
        """Raise what an error code of the leader means, unless the caller knows it."""
        if code in {0, _OFFSET_OUT_OF_RANGE}:
            return
        if code in _PASSING_CODES:
            raise _PassingError(self._place, f"answered {_PASSING_CODES[code]}")
        self._judge_rights(code)
        from aiokafka.errors import for_code

        error = for_code(code)
        message = f"{self._place} answered with error {code}, {error.__name__}"
        raise CaptureError(message, place=self.name)

    def _judge_rights(self, code: int) -> None:
        if code in {_TOPIC_AUTHORIZATION_FAILED, _CLUSTER_AUTHORIZATION_FAILED}:
            user = self._properties.sasl_username
            who = f"user {user!r}" if user else "this client"
            message = (
                f"{who} may not read the topic: it needs the rights DESCRIBE and READ "
                "on it (kafka-acls --add --operation Read)"
            )
            raise AuthorizationError(message, place=self.name)

    async def _find_leader(self) -> None:
        """Ask the servers in turn who leads the partition, and connect to that one.

        Raises ``_PassingError`` if none answers, or there is no leader.
        """
        reasons = []
        servers = parse_servers(self._servers)
        for host, port in servers:
            self._place = _show(host, port)
            try:
                # One that is silent must leave time to ask the others.
                async with asyncio.timeout(
                    self._timeout_s / len(servers) if len(servers) > 1 else None
                ):
                    answer = await self._ask_metadata(host, port)
                break
            except _PassingError as error:
                reasons.append(error)
            except TimeoutError:
                reasons.append(_PassingError(self._place, "gave no answer"))
        else:
            place = ", ".join(dict.fromkeys(error.place for error in reasons))
            reason = "; ".join(dict.fromkeys(error.reason for error in reasons))
            raise _PassingError(place, reason)
        host, port = self._leader_in(answer)
        self._place = _show(host, port)
        try:
            self._connection = await self._connect(host, port)
        except _PassingError as error:
            if (host, port) in servers:
                raise
            reason = (
                f"{error.reason}; the cluster names it as the leader of {self.name}, "
                "by its advertised.listeners"
            )
            raise _PassingError(error.place, reason) from None

    async def _ask_metadata(self, host: str, port: int) -> dict[str, Any]:
        from aiokafka.protocol.metadata import MetadataRequest

        connection = await self._connect(host, port)
        try:
            request = MetadataRequest([self._topic], allow_auto_topic_creation=False)
            response = await self._guard(self._place, lambda: connection.send(request))
            return dict(response.to_object())
        finally:
            await _close(connection)

    def _leader_in(self, answer: dict[str, Any]) -> tuple[str, int]:
        """The host and port of the partition's leader by a Metadata answer."""
        (topic,) = answer["topics"]
        code = topic["error_code"]
        if code == _INVALID_TOPIC:
            message = "is no name that a topic can have"
            raise UnknownTopicError(message, place=self._topic)
        if code == _UNKNOWN_TOPIC_OR_PARTITION and not self._is_known:
            message = f"there is no such topic in the cluster of {self._place}"
            raise UnknownTopicError(message, place=self._topic)
        # A broker that starts again may not know yet what is known of others.
        self._judge(code)
        self._is_known = True
        parts = {part["partition"]: part for part in topic["partitions"]}
        part = parts.get(self._partition)
        if part is None:
            message = (
                f"there is no partition {self._partition}: the topic has "
                f"{len(parts)}, numbered from 0"
            )
            raise UnknownPartitionError(
                message, place=self._topic, partition_count=len(parts)
            )
        brokers = {broker["node_id"]: broker for broker in answer["brokers"]}
        if part["leader"] not in brokers:
            raise _PassingError(self.name, "the partition has no leader now")
        leader = brokers[part["leader"]]
        return leader["host"], leader["port"]

    async def _connect(self, host: str, port: int) -> Any:  # noqa: ANN401 - aiokafka has no types
        from aiokafka.conn import create_conn

        closing: list[Any] = []
        try:
            return await self._guard(
                _show(host, port),
                lambda: create_conn(
                    host,
                    port,
                    client_id=self._properties.client_id,
                    on_close=lambda connection, _reason: closing.append(connection),
                    # The caller's own timeout comes first; this is never reached.
                    request_timeout_ms=int(2000 * self._timeout_s) + 1000,
                    ssl_context=self._tls_context,
                    security_protocol=self._properties.security_protocol,
                    sasl_mechanism=self._properties.sasl_mechanism,
                    sasl_plain_username=self._properties.sasl_username,
                    sasl_plain_password=self._properties.sasl_password,
                ),
                advice=self._advice(),
            )
        except BaseException:
            # Refused after it was open, it closes in its own time: TLS says goodbye.
            for connection in closing:
                await _close(connection)
            raise

    def _advice(self) -> str:
        """What to look at when a broker hangs up on a new connection."""
        tls = self._properties.tls
        if self._properties.has_tls and not (tls.chain_path or tls.chain_pem):
            return f"; {_ADVICE_PROTOCOL}; {_ADVICE_CERTIFICATE}"
        return f"; {_ADVICE_PROTOCOL}"

    async def _guard(
        self,
        place: str,
        begin: Callable[[], Coroutine[Any, Any, Any]],
        *,
        advice: str = "",
    ) -> Any:  # noqa: ANN401 - what aiokafka answers
        """Await work of aiokafka; its failures in this module's words.

        ``advice`` is for a broker that hangs up without a word.
        """
        import aiokafka.errors as kafka_errors

        try:
            return await begin()
        except OSError as error:
            self._judge_system(place, error, advice)
            raise
        except (UnicodeError, OverflowError):  # of a host's or a port's
            reason = "is no name that a host can have, and a port"
            raise _PassingError(place, reason) from None
        except (
            kafka_errors.SaslAuthenticationFailed,
            kafka_errors.UnsupportedSaslMechanismError,
            kafka_errors.IllegalSaslStateError,
        ) as error:
            message = f"refuses user {self._properties.sasl_username!r}: " + (
                escape_controls(str(error))
            )
            raise AuthenticationError(message, place=place) from None
        except (kafka_errors.IncompatibleBrokerVersion, NotImplementedError) as error:
            message = f"speaks another protocol than complab: {error}"
            raise CaptureError(message, place=place) from None
        except kafka_errors.KafkaError as error:
            if isinstance(error.__cause__, ssl.SSLError):
                self._judge_system(place, error.__cause__, advice)
            reason = f"closed the connection{advice}"
            raise _PassingError(place, reason) from None

    def _judge_system(self, place: str, error: OSError, advice: str) -> None:
        """Raise what a failure of the network or of TLS means, but for a time-out."""
        if isinstance(error, ssl.SSLCertVerificationError):
            message = (
                f"its certificate is not accepted: {error.verify_message}; "
                "ssl.truststore.location (type PEM) names whom to trust"
            )
            raise AuthenticationError(message, place=place) from None
        if isinstance(error, ssl.SSLError):
            why = (error.reason or str(error)).lower().replace("_", " ")
            message = f"TLS failed ({why}){advice}"
            raise AuthenticationError(message, place=place) from None
        if isinstance(error, TimeoutError) and error.errno is None:
            return  # not the network's, but the one that is set here
        if isinstance(error, ConnectionRefusedError):
            reason = "connection refused, nothing listens there"
        elif isinstance(error, ConnectionError):
            reason = f"closed the connection{advice}"
        else:
            reason = f"cannot be reached: {error.strerror or error}"
        raise _PassingError(place, reason) from None

    async def _disconnect(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await _close(connection)

    def _timed_out(self, last: _PassingError | None) -> CaptureTimeoutError:
        why = f"; last, {last}" if last else ""
        message = f"{self._place} gave nothing within {self._timeout_s:g} s{why}"
        return CaptureTimeoutError(message, place=self.name, timeout_s=self._timeout_s)


class _Schema(Protocol):
    """What aiokafka calls a schema: names, and the type of each."""

    names: Sequence[str]
    fields: Sequence[object]


def _by_name(schema: _Schema, values: Sequence[Any]) -> dict[str, Any]:
    """An answer's values by their names in its schema, the parts of parts as well.

    aiokafka's own ``to_object`` fails where an array is null, as that of the aborted
    transactions is for who reads to the high watermark.
    """
    named = {}
    for name, kind, value in zip(schema.names, schema.fields, values, strict=True):
        part: Any = getattr(kind, "array_of", None)
        if value is not None and hasattr(part, "names"):
            named[name] = [_by_name(part, item) for item in value]
        else:
            named[name] = value
    return named


def _show(host: str, port: int) -> str:
    """A broker's name, which it may have given itself, as it can be shown."""
    return escape_controls(f"{host}:{port}")


async def _close(connection: Any) -> None:  # noqa: ANN401 - aiokafka has no types
    """Close a connection, and wait until it is, but not for ever."""
    if (closed := connection.close()) is not None:
        await asyncio.wait([closed], timeout=_CLOSING_S)


def parse_servers(text: str) -> list[tuple[str, int]]:
    """The hosts and ports of ``host:port,[v6]:port,host``; 9092 where none is given.

    Raises ``ValueError``, naming the part that is wrong.

    >>> parse_servers("a:1, b,[::1]:9093")
    [('a', 1), ('b', 9092), ('::1', 9093)]
    """
    servers = []
    for word in text.split(","):
        server = word.strip()
        if not server:
            continue
        head, colon, tail = server.rpartition(":")
        if not colon or (server.startswith("[") and server.endswith("]")):
            host, port = server, str(DEFAULT_PORT)
        else:
            host, port = head, tail
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        elif ":" in host:
            host = ""
        is_number = port.isascii() and port.isdigit()
        if not host or not is_number or int(port) > _LARGEST_PORT:
            message = f"{server!r} is no host:port, as localhost:9092 is"
            raise ValueError(message)
        servers.append((host, int(port)))
    if not servers:
        message = "names no server: give host:port, such as localhost:9092"
        raise ValueError(message)
    return servers
