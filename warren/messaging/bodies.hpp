// The small messages of the protocols: what is in envelopes of requests and responses, and what comes back
// without an envelope. docs/wire.md. Decoders: kMalformed, kTruncated, kNotMinimal, kTooLarge.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "warren/base/bytes.hpp"
#include "warren/base/time.hpp"
#include "warren/messaging/status.hpp"

namespace warren {

using RequestId = std::array<std::uint8_t, 16>;

inline constexpr std::size_t kServiceNameMax = 128;
inline constexpr std::size_t kReasonMax = 256;
inline constexpr std::size_t kAckSizeMax = 512;
// A RequestBody or ResponseBody is at most this much larger than its payload.
inline constexpr std::size_t kBodyOverheadMax = 512;

// 1 to 128 bytes of printable ASCII without spaces.
bool is_service_name(std::string_view name);

// The answer to a message, and the refusal of a request. Reasons that are too long are cut.
Bytes encode_ack(const Verdict& verdict);
Result<Verdict> decode_ack(BytesView bytes);

struct RequestBody {
  RequestId id{};         // drawn by the requester; the same in each attempt
  WallTime first_sent{};  // the timestamp of the first attempt
  std::string service;
  Bytes payload;

  Bytes encode() const;
  static Result<RequestBody> decode(Bytes bytes);  // the payload stays in their memory
};

struct ResponseBody {
  Verdict verdict;
  Bytes payload;  // empty unless kOk

  Bytes encode() const;
  static Result<ResponseBody> decode(Bytes bytes);  // the payload stays in their memory
};

// What comes back on a request stream: an unsigned refusal, or a signed response.
struct Reply {
  Verdict refusal;                // not kOk, or
  std::optional<Bytes> envelope;  // an Envelope

  Bytes encode() const;
  static Result<Reply> decode(Bytes bytes);  // the envelope stays in their memory
};

// What the listener of a bind stream answers: what it makes of the dialer's binding, and its own.
struct BindReply {
  Verdict verdict;
  Bytes binding;  // SignedBinding

  Bytes encode() const;
  static Result<BindReply> decode(BytesView bytes);
};

}  // namespace warren
