@0xb3c8e15f6a2d9740;
# One DNS query as an authoritative server at the edge logs it, once it is answered.

struct DnsQuery {
  # Nanoseconds since 1970, when the query arrived.
  timestamp @0 :UInt64;
  edge @1 :Edge;
  resolver @2 :Resolver;
  zone @3 :Zone;
  question @4 :Question;
  response @5 :Response;
  timings @6 :Timings;
  # Told to whoever complains, so that the entry can be found again.
  uid @7 :Data;

  enum Transport { udp @0; tcp @1; }

  struct Edge {
    colo @0 :Text;
    coloId @1 :UInt16;
    server @2 :Text;
    address @3 :Data;
  }

  struct Resolver {
    address @0 :Data;
    port @1 :UInt16;
    asn @2 :UInt32;
    country @3 :Text;
    transport @4 :Transport;
    # EDNS: what the resolver can take and wants, 0 and empty where it says nothing.
    bufferBytes @5 :UInt16;
    wantsDnssec @6 :Bool;
    # The client's half and, once the server has given one, the server's.
    cookie @7 :Data;
    clientSubnet @8 :Data;
    clientSubnetBits @9 :UInt8;
  }

  struct Zone {
    id @0 :UInt32;
    accountId @1 :UInt32;
    name @2 :Text;
    isSigned @3 :Bool;
  }

  struct Question {
    id @0 :UInt16;
    name @1 :Text;
    # Numbers of the registry of DNS parameters, here and below.
    type @2 :UInt16;
    flags @3 :UInt16;
  }

  struct Response {
    code @0 :UInt16;
    flags @1 :UInt16;
    bytes @2 :UInt16;
    answers @3 :List(Answer);
    authorityCount @4 :UInt16;
    additionalCount @5 :UInt16;
    source @6 :Text;
  }

  # Nanoseconds: waiting for a worker, finding the answer, until it was written.
  struct Timings {
    queued @0 :UInt32;
    resolved @1 :UInt32;
    written @2 :UInt32;
  }

  struct Answer {
    type @0 :UInt16;
    ttl @1 :UInt32;
    union {
      address @2 :Data;
      text @3 :Text;
    }
  }
}
