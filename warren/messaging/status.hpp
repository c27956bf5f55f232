// What a receiver tells a sender about its message: a number on the wire, our own error code on either side.
#pragma once

#include <cstdint>
#include <string>

#include "warren/base/error.hpp"

namespace warren {

// Values are fixed: they are on the wire (docs/wire.md, "Status"). 1 to 31 refuse before, 32 and up after the
// signature was verified.
enum class Status : std::uint64_t {
  kOk = 0,
  kMalformed = 1,
  kTooLarge = 2,
  kUnsupported = 3,
  kWrongNetwork = 4,
  kWrongProtocol = 5,
  kWrongRecipient = 6,
  kClockSkew = 7,
  kBeforeStart = 8,  // stamped before the receiver started
  kReplayed = 9,
  kRateLimited = 10,
  kBusy = 11,
  kNoBinding = 12,
  kStaleBinding = 13,
  kBindingMismatch = 14,
  kNotBound = 15,
  kBadSignature = 16,
  kInboxFull = 32,
  kStorage = 33,
  kNoSuchService = 34,
  kServiceFailed = 35,
  kServiceTimedOut = 36,
  kOutcomeUnknown = 37,
  kTimedOut = 38,         // the whole message did not come in time
  kLimitedByBudget = 39,  // the answer is there, and the relayed path carries too little for it
  kFailed = 63,           // anything else
};

// A status with a sentence for people, which may be empty.
struct Verdict {
  Status status = Status::kOk;
  std::string reason;
};

// What the sender is told about this error, and what it makes of it. kOk and no error correspond. A status
// that is not known is kRejectedByPeer, like kMalformed: it is not our own parser that complains.
Status to_status(std::error_code error);
std::error_code to_error(Status status);

Verdict to_verdict(std::error_code error);

// Throws the error of a verdict that is not kOk. The peer's reason, made safe to print, is in what().
void throw_unless_ok(const Verdict& verdict);

// Whether a message was refused, by us or by the peer, because of what it or its sender claims to be:
// signature, binding, recipient, network, time, replay, form. Not for lack of room, rate, or a failed
// service.
bool is_verification_refusal(std::error_code error);

}  // namespace warren
