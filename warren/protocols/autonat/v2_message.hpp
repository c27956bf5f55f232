// The messages of AutoNAT v2, on the two kinds of its streams.
// https://github.com/libp2p/specs/blob/master/autonat/autonat-v2.md#rpc-messages
//
//   dial-request   Message: 1 DialRequest, 2 DialResponse, 3 DialDataRequest, or 4 DialDataResponse
//   dial-back      DialBack, and DialBackResponse the other way
#pragma once

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "warren/base/bytes.hpp"

namespace warren::autonat::v2 {

inline constexpr std::string_view kDialRequestProtocol = "/libp2p/autonat/2/dial-request";
inline constexpr std::string_view kDialBackProtocol = "/libp2p/autonat/2/dial-back";

// go-libp2p reads as much on the two streams.
inline constexpr std::size_t kMessageSizeMax = 8192;
inline constexpr std::size_t kDialBackSizeMax = 1024;
// Addresses of a request that are looked at; the rest is dropped.
inline constexpr std::size_t kAddressesMax = 50;
// What an address that is not the asker's own costs, so that nobody has others attacked for less than that
// costs himself: "30k to 100k bytes", in pieces of at most 4096.
inline constexpr std::uint64_t kDialDataMin = 30'000;
inline constexpr std::uint64_t kDialDataMax = 100'000;
inline constexpr std::size_t kDataChunkMax = 4096;

// Both enums are open in proto3: a number of another version is kept as it is.
enum class ResponseStatus : std::uint32_t {
  kInternalError = 0,
  kRequestRejected = 100,
  kDialRefused = 101,
  kOk = 200,
};
enum class DialStatus : std::uint32_t { kUnused = 0, kDialError = 100, kDialBackError = 101, kOk = 200 };

// "E_DIAL_REFUSED"..., as the specification names them; "unknown" for other numbers.
std::string_view to_string(ResponseStatus status);
std::string_view to_string(DialStatus status);

struct DialRequest {
  std::vector<Bytes> addresses;  // as sent, the most wanted first; they may not be any
  std::uint64_t nonce = 0;
  bool operator==(const DialRequest&) const = default;
};

struct DialResponse {
  ResponseStatus status = ResponseStatus::kInternalError;
  std::uint32_t address_index = 0;
  DialStatus dial_status = DialStatus::kUnused;
  bool operator==(const DialResponse&) const = default;
};

struct DialDataRequest {
  std::uint32_t address_index = 0;
  std::uint64_t bytes = 0;
  bool operator==(const DialDataRequest&) const = default;
};

struct DialDataResponse {
  Bytes data;
  bool operator==(const DialDataResponse&) const = default;
};

using Message = std::variant<DialRequest, DialResponse, DialDataRequest, DialDataResponse>;

Bytes encode(const Message& message);
// kMalformed: not exactly one of the four, as far as this version knows.
Result<Message> decode(BytesView bytes);

Bytes encode_dial_back(std::uint64_t nonce);
Result<std::uint64_t> decode_dial_back(BytesView bytes);
// It has one status, OK, and no content therefore.
inline Bytes encode_dial_back_response() {
  return {};
}

}  // namespace warren::autonat::v2
