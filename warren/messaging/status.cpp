#include "warren/messaging/status.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace warren {
namespace {

constexpr std::size_t kReasonShownMax = 200;

struct Row {
  Status status;
  Errc error;
};

// Both ways. Of rows with the same error the first is the one to send, of rows with the same status the first
// is what it means to the sender.
constexpr std::array kTable = {
    Row{Status::kOk, Errc::kOk},
    Row{Status::kMalformed, Errc::kRejectedByPeer},
    Row{Status::kMalformed, Errc::kMalformed},
    Row{Status::kMalformed, Errc::kTruncated},
    Row{Status::kMalformed, Errc::kNotMinimal},
    Row{Status::kMalformed, Errc::kBadEncoding},
    Row{Status::kMalformed, Errc::kBadKey},
    Row{Status::kMalformed, Errc::kBadKeySize},
    Row{Status::kMalformed, Errc::kUnknownKeyType},
    Row{Status::kTooLarge, Errc::kTooLarge},
    Row{Status::kUnsupported, Errc::kUnsupported},
    Row{Status::kWrongNetwork, Errc::kWrongNetwork},
    Row{Status::kWrongProtocol, Errc::kWrongProtocol},
    Row{Status::kWrongRecipient, Errc::kWrongRecipient},
    Row{Status::kClockSkew, Errc::kClockSkew},
    Row{Status::kBeforeStart, Errc::kBeforeStart},
    Row{Status::kReplayed, Errc::kReplayed},
    Row{Status::kRateLimited, Errc::kRateLimited},
    Row{Status::kBusy, Errc::kLimitReached},
    Row{Status::kNoBinding, Errc::kNoBinding},
    Row{Status::kStaleBinding, Errc::kStaleBinding},
    Row{Status::kBindingMismatch, Errc::kBindingMismatch},
    Row{Status::kNotBound, Errc::kNotBound},
    Row{Status::kBadSignature, Errc::kBadSignature},
    Row{Status::kInboxFull, Errc::kInboxFull},
    Row{Status::kStorage, Errc::kStorage},
    Row{Status::kNoSuchService, Errc::kNoSuchService},
    Row{Status::kServiceFailed, Errc::kServiceFailed},
    Row{Status::kServiceTimedOut, Errc::kServiceTimedOut},
    Row{Status::kOutcomeUnknown, Errc::kOutcomeUnknown},
    Row{Status::kTimedOut, Errc::kTimedOut},
    Row{Status::kLimitedByBudget, Errc::kLimitedByBudget},
    Row{Status::kFailed, Errc::kServiceFailed},
};

// The peer's words end up on a terminal.
std::string printable(const std::string& text) {
  std::string shown = text.substr(0, kReasonShownMax);
  std::ranges::replace_if(shown, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return shown;
}

}  // namespace

Status to_status(std::error_code error) {
  for (const Row& row : kTable) {
    if (error == make_error_code(row.error)) return row.status;
  }
  return error ? Status::kFailed : Status::kOk;
}

std::error_code to_error(Status status) {
  for (const Row& row : kTable) {
    if (status == row.status) return row.error == Errc::kOk ? std::error_code() : make_error_code(row.error);
  }
  return make_error_code(Errc::kRejectedByPeer);
}

Verdict to_verdict(std::error_code error) {
  const Status status = to_status(error);
  return {.status = status, .reason = status == Status::kOk ? std::string() : error.message()};
}

void throw_unless_ok(const Verdict& verdict) {
  if (verdict.status == Status::kOk) return;
  const std::string reason = printable(verdict.reason);
  throw_error(to_error(verdict.status),
              reason.empty() ? "the peer answered" : "the peer answered '" + reason + "'");
}

bool is_verification_refusal(std::error_code error) {
  constexpr std::array kRefusals = {
      Errc::kMalformed,       Errc::kTruncated,     Errc::kNotMinimal,     Errc::kRejectedByPeer,
      Errc::kWrongNetwork,    Errc::kWrongProtocol, Errc::kWrongRecipient, Errc::kClockSkew,
      Errc::kBeforeStart,     Errc::kReplayed,      Errc::kNoBinding,      Errc::kStaleBinding,
      Errc::kBindingMismatch, Errc::kNotBound,      Errc::kBadSignature,   Errc::kPeerIdMismatch};
  return std::ranges::any_of(kRefusals, [error](Errc code) { return error == make_error_code(code); });
}

}  // namespace warren
