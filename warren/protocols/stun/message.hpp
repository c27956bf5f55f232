// STUN messages of the Binding method, and the attributes that tell a NAT's behaviour.
// https://www.rfc-editor.org/rfc/rfc8489#section-5, https://www.rfc-editor.org/rfc/rfc5780#section-7
//
//   u16 type: class and method    u16 size of what follows the header
//   u32 magic cookie              u8[12] transaction ID
//   attributes: u16 type, u16 size, value, zeros to a multiple of 4
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "warren/env/endpoint.hpp"

namespace warren::stun {

inline constexpr std::size_t kHeaderSize = 20;
inline constexpr std::size_t kMessageSizeMax = 1280;  // ours have 116 at most
inline constexpr std::size_t kSoftwareSizeMax = 763;  // RFC 8489, section 14.14
// Of the attributes that are not understood, and of those that an answer says it did not understand.
inline constexpr std::size_t kUnknownAttributesMax = 16;

inline constexpr std::uint16_t kChangeRequestType = 0x0003;

using TransactionId = std::array<std::uint8_t, 12>;

enum class Class : std::uint8_t { kRequest = 0, kIndication = 1, kSuccess = 2, kError = 3 };

// RFC 5780, section 7.2: from where the answer is to come.
struct ChangeRequest {
  bool address = false;
  bool port = false;

  bool operator==(const ChangeRequest&) const = default;
};

struct ErrorCode {
  int code = 0;  // 300 to 699
  std::string reason;

  bool operator==(const ErrorCode&) const = default;
};

struct Message {
  Class kind = Class::kRequest;
  TransactionId id{};
  std::string software;
  std::optional<ChangeRequest> change{};
  std::optional<Endpoint> xor_mapped{};
  std::optional<Endpoint> mapped{};
  std::optional<Endpoint> origin{};  // RESPONSE-ORIGIN
  std::optional<Endpoint> other{};   // OTHER-ADDRESS
  std::optional<ErrorCode> error{};
  std::vector<std::uint16_t> unknown_attributes{};  // UNKNOWN-ATTRIBUTES
  bool fingerprint = false;
  // Attributes that had to be understood and were not: a request is answered with 420, an answer is of no
  // use. encode() leaves them out.
  std::vector<std::uint16_t> not_understood{};

  // XOR-MAPPED-ADDRESS, or what older servers send in its place.
  std::optional<Endpoint> seen() const { return xor_mapped ? xor_mapped : mapped; }

  bool operator==(const Message&) const = default;
};

Bytes encode(const Message& message);

// kMalformed, kTruncated; kTooLarge over kMessageSizeMax; kUnsupported for another method, or without the
// cookie (RFC 3489). Of an attribute that occurs twice the first counts; credentials (RFC 8489, section 9)
// are not looked at, and nor is what follows MESSAGE-INTEGRITY, except FINGERPRINT.
Result<Message> decode(BytesView bytes);

}  // namespace warren::stun
