// The one error vocabulary of the project: an enum, a category that turns it into a sentence, and Result<T>.
// Pure code and outcomes a caller branches on return Result; inside a conversation (a coroutine over a
// stream) the same code is thrown as std::system_error. STYLE.md, "Errors".
#pragma once

#include <expected>
#include <string>
#include <system_error>
#include <utility>

namespace warren {

// Each value's sentence is in error.cpp. Order is free; values are never sent to a peer.
enum class Errc {
  kOk = 0,
  // Bytes that do not mean anything.
  kTruncated,
  kMalformed,
  kNotMinimal,
  kTooLarge,
  kBadEncoding,
  kUnsupported,
  // Keys and signatures.
  kBadKey,
  kBadKeySize,
  kUnknownKeyType,
  kBadSignature,
  kPeerIdMismatch,
  kDecryptFailed,
  kNotValidNow,
  kHandshakeRefused,
  // Certificates of the web's authorities (wss).
  kUntrustedCertificate,
  kWrongServerName,
  kNoCertificate,
  // Time and flow.
  kTimedOut,
  kCanceled,
  kClosed,
  kReset,
  kEndOfStream,
  kLimitReached,
  // Reaching somebody.
  kBadAddress,
  kNoAddresses,
  kNoTransport,
  kUnreachable,
  kRefused,
  kAddressInUse,
  kAddressNotAvailable,
  kProtocolNotSupported,
  kSecurityNotSupported,
  kNotFound,
  kSelfDial,
  kDenied,
  // Signed messages (messaging/).
  kReplayed,
  kWrongRecipient,
  kWrongNetwork,
  kClockSkew,
  kBeforeStart,
  kStaleBinding,
  kBindingMismatch,
  kNotBound,
  kNoBinding,
  kWrongProtocol,
  kRateLimited,
  kInboxFull,
  kNoSuchService,
  kServiceFailed,
  kServiceTimedOut,
  kOutcomeUnknown,
  kRejectedByPeer,
  // Finding peers and records (protocols/kad, mdns, rendezvous).
  kNoPeers,
  kBadRecord,
  kOldRecord,
  kRecordExpired,
  // Relayed paths (protocols/relay) and what the network sees of us (autonat, stun).
  kNoReservation,
  kReservationRefused,
  kRelayDenied,
  kRelayFull,
  kRelayFailed,
  kLimitedByBudget,
  kNoDirectPath,
  kDialBackRefused,
  // Direct paths through NATs (protocols/dcutr, protocols/spray).
  kPunchFailed,
  kRoleConflict,
  kPathSilent,
  // Topics (protocols/pubsub, broadcast/).
  kBadTopic,
  kNotAccepted,
  kNotSubscribed,
  // This machine.
  kStorage,
  kIo,
  kExists,
  kBadConfig,
};

const std::error_category& error_category();
inline std::error_code make_error_code(Errc code) {
  return {static_cast<int>(code), error_category()};
}

}  // namespace warren

template <>
struct std::is_error_code_enum<warren::Errc> : std::true_type {};

namespace warren {

template <class T = void>
using Result = std::expected<T, std::error_code>;

// `return fail(Errc::kTruncated);` from any function that returns a Result.
inline std::unexpected<std::error_code> fail(Errc code) {
  return std::unexpected<std::error_code>(make_error_code(code));
}
inline std::unexpected<std::error_code> fail(std::error_code code) {
  return std::unexpected<std::error_code>(code);
}

// Ends the conversation that the caller is in. `context`, when given, says which field or step; it is part of
// what().
[[noreturn]] void throw_error(std::error_code code, const std::string& context = {});

// The bridge from values to conversations: the value, or throw_error with the error.
template <class T>
T value_or_throw(Result<T> result, const std::string& context = {}) {
  if (!result) throw_error(result.error(), context);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace warren
