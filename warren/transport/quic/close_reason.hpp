// Why a connection ends, as its CONNECTION_CLOSE frame says it (RFC 9000, section 19.19).
#pragma once

#include <cstdint>
#include <string>
#include <system_error>

#include "warren/base/error.hpp"

namespace warren::quic {

// Codes of the application that libp2p knows.
inline constexpr std::uint64_t kNoError = 0;

struct CloseReason {
  bool by_application = false;  // else the transport's own codes, RFC 9000 section 20.1
  std::uint64_t code = 0;
  std::string text;  // for people; at most 1024 bytes are received
};

// What it means when the peer says so:
//   kClosed                 it closed in good order;
//   kHandshakeRefused       it does not like our certificate;
//   kProtocolNotSupported   it does not speak libp2p;
//   kUnsupported            no common version, cipher, group or signature algorithm;
//   kRefused                it takes no connections now;
//   kReset                  anything else.
std::error_code meaning_of(const CloseReason& reason);

// The same for a TLS alert (RFC 8446, section 6.2).
std::error_code meaning_of_alert(std::uint8_t alert);

}  // namespace warren::quic
