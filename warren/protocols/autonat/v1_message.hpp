// The messages of AutoNAT v1: please dial me, and what came of it.
// https://github.com/libp2p/specs/blob/master/autonat/autonat-v1.md#rpc-messages
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "warren/base/bytes.hpp"

namespace warren::autonat::v1 {

inline constexpr std::string_view kProtocol = "/libp2p/autonat/1.0.0";

// go-libp2p reads and writes as much.
inline constexpr std::size_t kMessageSizeMax = 4096;
// Addresses that are looked at; the rest is dropped.
inline constexpr std::size_t kAddressesMax = 16;
// Of a text that says why; the rest is cut off.
inline constexpr std::size_t kStatusTextMax = 256;

enum class Status : std::uint32_t {
  kOk = 0,
  kDialError = 100,
  kDialRefused = 101,
  kBadRequest = 200,
  kInternalError = 300,
};

// "E_DIAL_REFUSED"..., as the specification names them.
std::string_view to_string(Status status);

// Who asks, and where it wants to be dialed. Addresses are as sent: they may not be any.
struct Dial {
  std::optional<Bytes> peer;  // the PeerID; absent as a rule means: the other end of the connection
  std::vector<Bytes> addresses;
  bool operator==(const Dial&) const = default;
};

struct DialResponse {
  Status status = Status::kOk;  // numbers of other versions read as kInternalError
  std::string status_text;      // printable ASCII
  Bytes address;                // that was dialed with success; empty when it was not told
  bool operator==(const DialResponse&) const = default;
};

using Message = std::variant<Dial, DialResponse>;

Bytes encode(const Message& message);

// kMalformed: no message, or its type and what it holds do not go together. A dial without a peer is one with
// nothing in it.
Result<Message> decode(BytesView bytes);

}  // namespace warren::autonat::v1
