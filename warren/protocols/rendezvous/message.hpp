// The messages of rendezvous: register, unregister, discover, and their answers.
// https://github.com/libp2p/specs/blob/master/rendezvous/README.md#protobuf
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "warren/base/bytes.hpp"

namespace warren::rendezvous {

inline constexpr std::string_view kProtocol = "/rendezvous/1.0.0";

// What a rendezvous point reads: one registration, with room for what others may add.
inline constexpr std::size_t kRequestSizeMax = 16 * 1024;
// What a client reads; other implementations write and read so much.
inline constexpr std::size_t kResponseSizeMax = 1024 * 1024;
inline constexpr std::size_t kNamespaceSizeMax = 255;
// A record of 64 addresses, signed with RSA, takes 5 KiB.
inline constexpr std::size_t kRecordSizeMax = 8 * 1024;
// Opaque to the client, which sends it back. Other implementations' hold the namespace and 8 bytes.
inline constexpr std::size_t kCookieSizeMax = 1024;
// Registrations in one answer; further ones are ignored.
inline constexpr std::size_t kRegistrationsMax = 1000;
// Of a text that says why; the rest is cut off.
inline constexpr std::size_t kStatusTextMax = 256;

enum class Status : std::uint32_t {
  kOk = 0,
  kInvalidNamespace = 100,
  kInvalidSignedPeerRecord = 101,
  kInvalidTtl = 102,
  kInvalidCookie = 103,
  kNotAuthorized = 200,
  kInternalError = 300,
  kUnavailable = 400,
};

// "E_INVALID_COOKIE"..., as the specification names them; "E_INTERNAL_ERROR" for a number it does not.
std::string_view to_string(Status status);

// A registration, to be made or as it was found. `name_space`: absent reads as empty.
struct Register {
  std::string name_space;
  Bytes signed_peer_record;
  std::optional<std::uint64_t> ttl;  // seconds
  bool operator==(const Register&) const = default;
};

struct RegisterResponse {
  Status status = Status::kOk;
  std::string status_text;
  std::uint64_t ttl = 0;  // seconds
  bool operator==(const RegisterResponse&) const = default;
};

struct Unregister {
  std::string name_space;
  bool operator==(const Unregister&) const = default;
};

struct Discover {
  std::string name_space;  // empty: all
  std::optional<std::uint64_t> limit;
  Bytes cookie;  // empty: from the beginning
  bool operator==(const Discover&) const = default;
};

struct DiscoverResponse {
  std::vector<Register> registrations;
  Bytes cookie;
  Status status = Status::kOk;
  std::string status_text;
  bool operator==(const DiscoverResponse&) const = default;
};

using Message = std::variant<Register, RegisterResponse, Unregister, Discover, DiscoverResponse>;

Bytes encode(const Message& message);

// kMalformed: not a message, or its type and what it holds do not go together; kTooLarge: a part is over its
// bound above. Whether a namespace may be registered is not looked at (is_namespace()).
Result<Message> decode(BytesView bytes);

// 1 to 255 bytes of UTF-8: what others could not read as text would spoil whole answers for them.
bool is_namespace(std::string_view text);

}  // namespace warren::rendezvous
