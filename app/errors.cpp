#include "app/errors.hpp"

#include <algorithm>
#include <array>

namespace warren::app {
namespace {

using enum ExitStatus;

constexpr std::array kErrors = {
    ErrorDescription{Errc::kOk, "failed", kFailed, ""},  // whatever is not listed
    // What the caller wrote.
    ErrorDescription{Errc::kBadAddress, "bad_address", kUsage,
                     "give one that ends in /p2p/<PeerID>, as `warren addrs` prints it"},
    ErrorDescription{Errc::kBadEncoding, "bad_encoding", kUsage,
                     "give a NodeID (zEPJ...), a PeerID (12D3KooW...) or a multiaddr"},
    ErrorDescription{Errc::kBadConfig, "bad_config", kUsage, ""},
    ErrorDescription{Errc::kTooLarge, "too_large", kFailed,
                     "a message has 16 MiB at most, a broadcast 1000 KiB"},
    ErrorDescription{Errc::kSelfDial, "self_dial", kFailed, "name another node"},
    ErrorDescription{Errc::kDenied, "denied", kFailed, "`warren deny ... --remove` takes it off"},
    // The other side cannot be reached, or was lost.
    ErrorDescription{Errc::kTimedOut, "timed_out", kUnreachable, "check that the other node runs"},
    ErrorDescription{Errc::kUnreachable, "unreachable", kUnreachable, "check that the other node runs"},
    ErrorDescription{Errc::kRefused, "refused", kUnreachable, ""},
    ErrorDescription{Errc::kNoAddresses, "no_addresses", kUnreachable, ""},
    ErrorDescription{Errc::kNoTransport, "no_transport", kUnreachable,
                     "give a /tcp or a /udp/.../quic-v1 address"},
    ErrorDescription{Errc::kNotFound, "not_found", kUnreachable,
                     "check that it runs, or connect with its full multiaddr first (`warren connect`)"},
    ErrorDescription{Errc::kClosed, "closed", kUnreachable, "check that the other node runs, and try again"},
    ErrorDescription{Errc::kReset, "reset", kUnreachable, "check that the other node runs, and try again"},
    ErrorDescription{Errc::kEndOfStream, "end_of_stream", kUnreachable,
                     "check that the other node runs, and try again"},
    ErrorDescription{Errc::kOutcomeUnknown, "outcome_unknown", kUnreachable,
                     "ask the other side before you try again"},
    ErrorDescription{Errc::kProtocolNotSupported, "protocol_not_supported", kFailed,
                     "it may not be a Warren node"},
    // Relays, and paths over them.
    ErrorDescription{Errc::kNoReservation, "no_reservation", kUnreachable, ""},
    ErrorDescription{Errc::kReservationRefused, "reservation_refused", kFailed, ""},
    ErrorDescription{Errc::kRelayDenied, "relay_denied", kUnreachable,
                     "its owner may allow that (`warren allow`)"},
    ErrorDescription{Errc::kRelayFull, "relay_full", kUnreachable, ""},
    ErrorDescription{Errc::kRelayFailed, "relay_failed", kUnreachable, "check that the other node runs"},
    ErrorDescription{Errc::kLimitedByBudget, "limited_by_budget", kRelayedOnly,
                     "LIMITED_BY_BUDGET: `warren peers` shows what the path may carry"},
    ErrorDescription{Errc::kNoDirectPath, "no_direct_path", kRelayedOnly,
                     "without --direct-only it goes through a relay"},
    ErrorDescription{Errc::kPunchFailed, "punch_failed", kRelayedOnly, "`warren why` says what was tried"},
    ErrorDescription{Errc::kRoleConflict, "role_conflict", kRelayedOnly, "`warren why` says what was tried"},
    ErrorDescription{Errc::kPathSilent, "path_silent", kUnreachable,
                     "check that the other node runs, and try again"},
    ErrorDescription{Errc::kDialBackRefused, "dial_back_refused", kFailed, ""},
    // Refused by verification, here or there.
    ErrorDescription{Errc::kPeerIdMismatch, "peer_id_mismatch", ExitStatus::kRefused,
                     "get the address anew from its owner"},
    ErrorDescription{Errc::kBadSignature, "bad_signature", ExitStatus::kRefused, "nothing was delivered"},
    ErrorDescription{Errc::kHandshakeRefused, "handshake_refused", ExitStatus::kRefused,
                     "a node of identity mode \"bound\" is taken by all"},
    ErrorDescription{Errc::kBadKey, "bad_key", ExitStatus::kRefused, ""},
    ErrorDescription{Errc::kBadKeySize, "bad_key_size", ExitStatus::kRefused, ""},
    ErrorDescription{Errc::kDecryptFailed, "decrypt_failed", ExitStatus::kRefused, ""},
    ErrorDescription{Errc::kReplayed, "replayed", ExitStatus::kRefused, "send it anew"},
    ErrorDescription{Errc::kWrongRecipient, "wrong_recipient", ExitStatus::kRefused, "check the ID"},
    ErrorDescription{Errc::kWrongNetwork, "wrong_network", ExitStatus::kRefused,
                     "both need the same `network` in warren.toml"},
    ErrorDescription{Errc::kClockSkew, "clock_skew", ExitStatus::kRefused, ""},
    ErrorDescription{Errc::kStaleBinding, "stale_binding", ExitStatus::kRefused,
                     "check the clocks of both machines"},
    ErrorDescription{Errc::kBindingMismatch, "binding_mismatch", ExitStatus::kRefused, "check the ID"},
    ErrorDescription{Errc::kNotBound, "not_bound", ExitStatus::kRefused, "check the ID"},
    ErrorDescription{Errc::kNoBinding, "no_binding", ExitStatus::kRefused, ""},
    ErrorDescription{Errc::kBeforeStart, "before_start", ExitStatus::kRefused, "send it anew"},
    ErrorDescription{Errc::kWrongProtocol, "wrong_protocol", ExitStatus::kRefused,
                     "the two versions may not match"},
    ErrorDescription{Errc::kRejectedByPeer, "rejected_by_peer", ExitStatus::kRefused, ""},
    ErrorDescription{Errc::kNoPeers, "no_peers", ExitStatus::kUnreachable,
                     "`warren bootstrap add ADDRESS` names one to begin with"},
    ErrorDescription{Errc::kBadRecord, "bad_record", ExitStatus::kRefused, ""},
    ErrorDescription{Errc::kOldRecord, "old_record", ExitStatus::kRefused, ""},
    ErrorDescription{Errc::kRecordExpired, "record_expired", ExitStatus::kRefused, ""},
    ErrorDescription{Errc::kMalformed, "malformed", ExitStatus::kRefused, "the two versions may not match"},
    ErrorDescription{Errc::kTruncated, "truncated", ExitStatus::kRefused, "the two versions may not match"},
    ErrorDescription{Errc::kNotMinimal, "not_minimal", ExitStatus::kRefused, ""},
    ErrorDescription{Errc::kUntrustedCertificate, "untrusted_certificate", ExitStatus::kRefused,
                     "if you trust it, name its authority's file under [websocket] in warren.toml"},
    ErrorDescription{Errc::kWrongServerName, "wrong_server_name", ExitStatus::kRefused, "check the address"},
    ErrorDescription{Errc::kNotValidNow, "not_valid_now", ExitStatus::kRefused, ""},
    ErrorDescription{Errc::kSecurityNotSupported, "security_not_supported", ExitStatus::kRefused, ""},
    // Limits and services.
    ErrorDescription{Errc::kLimitReached, "limit_reached", kFailed, "try again later"},
    ErrorDescription{Errc::kRateLimited, "rate_limited", kFailed, ""},
    ErrorDescription{Errc::kInboxFull, "inbox_full", kFailed, "its owner has to make room"},
    ErrorDescription{Errc::kNoSuchService, "no_such_service", kFailed,
                     "it is served by `warren serve NAME` over there"},
    ErrorDescription{Errc::kServiceFailed, "service_failed", kFailed, ""},
    ErrorDescription{Errc::kServiceTimedOut, "service_timed_out", kFailed, ""},
    ErrorDescription{Errc::kExists, "exists", kFailed, ""},
    // Topics.
    ErrorDescription{Errc::kBadTopic, "bad_topic", kUsage, "choose another one"},
    ErrorDescription{Errc::kNotAccepted, "not_accepted", ExitStatus::kRefused, ""},
    ErrorDescription{Errc::kNotSubscribed, "not_subscribed", kFailed, ""},
    // The daemon cancels calls when it stops.
    ErrorDescription{Errc::kCanceled, "canceled", kNoDaemon, "the daemon has stopped; `warren up` starts it"},
    // This machine.
    ErrorDescription{Errc::kStorage, "storage", kFailed, ""},
    ErrorDescription{Errc::kIo, "io", kFailed, ""},
    ErrorDescription{Errc::kAddressInUse, "address_in_use", kFailed, "with --listen or in warren.toml"},
    ErrorDescription{Errc::kAddressNotAvailable, "address_not_available", kFailed, ""},
    ErrorDescription{Errc::kUnsupported, "unsupported", kFailed, ""},
    ErrorDescription{Errc::kUnknownKeyType, "unknown_key_type", kFailed, ""},
};

}  // namespace

std::string sentence_of(const std::system_error& error) {
  const std::string what = error.what();
  const std::string sentence = error.code().message();
  if (!what.ends_with(": " + sentence)) return what;
  const std::string context = what.substr(0, what.size() - sentence.size() - 2);
  return context.find(sentence) == std::string::npos ? what : context;
}

const ErrorDescription& describe(std::error_code code) {
  const auto found = std::ranges::find_if(kErrors, [&](const auto& error) { return error.code == code; });
  return found == kErrors.end() ? kErrors[0] : *found;
}

const ErrorDescription& describe(std::string_view name) {
  const auto found = std::ranges::find(kErrors, name, &ErrorDescription::name);
  return found == kErrors.end() ? kErrors[0] : *found;
}

}  // namespace warren::app
