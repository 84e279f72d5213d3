@0xd5a2f0c1b7e84936;
# One HTTP request as an edge proxy logs it, when the response has been sent.
# All durations are in nanoseconds, all timestamps are nanoseconds since 1970.

struct HttpRequest {
  timestamp @0 :UInt64;
  rayId @1 :Text;
  zoneId @2 :UInt32;
  accountId @3 :UInt32;
  zoneName @4 :Text;
  zonePlan @5 :Plan;
  edge @6 :Edge;
  client @7 :Client;
  request @8 :Request;
  response @9 :Response;
  cache @10 :Cache;
  origin @11 :Origin;
  security @12 :Security;
  timings @13 :Timings;

  enum Plan { free @0; pro @1; business @2; enterprise @3; }
  enum Method { get @0; head @1; post @2; put @3; patch @4; delete @5; options @6; }
  enum Protocol { http10 @0; http11 @1; http2 @2; http3 @3; }
  enum Device { unknown @0; desktop @1; mobile @2; tablet @3; machine @4; }

  struct Header {
    name @0 :Text;
    value @1 :Text;
  }

  struct Edge {
    colo @0 :Text;
    coloId @1 :UInt16;
    server @2 :Text;
    serverAddress @3 :Data;
    buildId @4 :Text;
    pathing @5 :Text;
  }

  struct Client {
    address @0 :Data;
    port @1 :UInt16;
    asn @2 :UInt32;
    country @3 :Text;
    region @4 :Text;
    city @5 :Text;
    latitude @6 :Float32;
    longitude @7 :Float32;
    device @8 :Device;
    protocol @9 :Protocol;
    tlsVersion @10 :Text;
    tlsCipher @11 :Text;
    tlsResumed @12 :Bool;
    tlsFingerprint @13 :Text;
    roundTripTime @14 :UInt64;
    requestNumber @15 :UInt16;
    tlsClientRandom @16 :Data;
  }

  struct Request {
    method @0 :Method;
    host @1 :Text;
    path @2 :Text;
    query @3 :Text;
    referer @4 :Text;
    userAgent @5 :Text;
    headers @6 :List(Header);
    headerBytes @7 :UInt32;
    bodyBytes @8 :UInt64;
    traceId @9 :Data;
    sessionId @10 :Data;
  }

  struct Response {
    status @0 :UInt16;
    contentType @1 :Text;
    headers @2 :List(Header);
    headerBytes @3 :UInt32;
    bodyBytes @4 :UInt64;
    compressionRatio @5 :Float32;
    bodyDigest @6 :Data;
  }

  struct Cache {
    status @0 :Text;
    bytesServed @1 :UInt64;
    age @2 :UInt32;
    key @3 :Text;
    tier @4 :Text;
  }

  struct Origin {
    address @0 :Data;
    port @1 :UInt16;
    status @2 :UInt16;
    requestId @3 :Data;
    bodyBytes @4 :UInt64;
  }

  struct Security {
    action @0 :Text;
    ruleIds @1 :List(Data);
    botScore @2 :UInt8;
    botSource @3 :Text;
    attackScore @4 :UInt8;
    sensitivity @5 :Text;
    visitorId @6 :Data;
  }

  struct Timings {
    accepted @0 :UInt64;
    requestRead @1 :UInt64;
    firewallDone @2 :UInt64;
    cacheLookup @3 :UInt64;
    originDns @4 :UInt32;
    originConnect @5 :UInt32;
    originTls @6 :UInt32;
    originFirstByte @7 :UInt64;
    firstByteSent @8 :UInt64;
    lastByteSent @9 :UInt64;
    cpu @10 :UInt32;
  }
}
