// The messages of /warren/stun/1.0.0: a node asks a peer that serves STUN where that is, and may ask it to
// send one datagram to where the node's NAT has opened a port: whether it comes in tells the NAT's filtering.
// The datagram is a Binding indication without attributes, with the token as transaction ID, and smaller
// than the request. docs/wire.md, "STUN".
//
//   request   field 1  bytes   token, 12 bytes; none: no datagram is asked for
//             field 2  bytes   where to: 4 or 16 bytes of the address,
//             field 3  varint  and the port
//             field 4  varint  from: 0 = the port that serves QUIC, 1 = the alternate one
//   response  field 1  varint  status
//             field 2  bytes   a socket that answers STUN (repeated): 1 bytes address, none: where you reach
//                              me; 2 varint port; 3 varint alternate port
#pragma once

#include <optional>
#include <vector>

#include "warren/protocols/stun/message.hpp"

namespace warren::stun {

inline constexpr std::string_view kProtocol = "/warren/stun/1.0.0";

inline constexpr std::size_t kProbeRequestSizeMax = 128;
inline constexpr std::size_t kProbeResponseSizeMax = 256;
inline constexpr std::size_t kOffersMax = 4;  // one for each family, and a spare

enum class ProbeStatus : std::uint8_t {
  kOk = 1,           // the datagram is on its way, if one was asked for
  kRefused = 2,      // not to that address: only to the one that the asker's connection comes from
  kRateLimited = 3,  // ask later
  kUnavailable = 4,  // no socket there to send from
};

struct ProbeRequest {
  struct Probe {
    TransactionId token{};
    Endpoint target;
    bool from_alternate = false;

    bool operator==(const Probe&) const = default;
  };
  std::optional<Probe> probe{};

  bool operator==(const ProbeRequest&) const = default;
};

// A socket that answers STUN, and a second one at the same address.
struct Offer {
  std::optional<IpAddress> address;  // none: the one that the asker is connected to
  std::uint16_t port = 0;
  std::uint16_t alternate_port = 0;  // 0: none

  bool operator==(const Offer&) const = default;
};

struct ProbeResponse {
  ProbeStatus status = ProbeStatus::kOk;
  std::vector<Offer> offers;

  bool operator==(const ProbeResponse&) const = default;
};

Bytes encode(const ProbeRequest& request);
Bytes encode(const ProbeResponse& response);
// kMalformed. A status of others counts as kRefused; offers over kOffersMax are left out.
Result<ProbeRequest> decode_probe_request(BytesView bytes);
Result<ProbeResponse> decode_probe_response(BytesView bytes);

}  // namespace warren::stun
