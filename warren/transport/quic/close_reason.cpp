#include "warren/transport/quic/close_reason.hpp"

namespace warren::quic {

namespace {

// RFC 9000, section 20.1.
constexpr std::uint64_t kTransportNoError = 0x0;
constexpr std::uint64_t kConnectionRefused = 0x2;
constexpr std::uint64_t kCryptoErrors = 0x100;  // and 255 more: an alert each

enum Alert : std::uint8_t {  // RFC 8446, section 6
  kHandshakeFailure = 40,
  kBadCertificate = 42,
  kUnsupportedCertificate = 43,
  kCertificateRevoked = 44,
  kCertificateExpired = 45,
  kCertificateUnknown = 46,
  kUnknownAuthority = 48,
  kAccessDenied = 49,
  kDecryptError = 51,
  kProtocolVersion = 70,
  kInsufficientSecurity = 71,
  kMissingExtension = 109,
  kCertificateRequired = 116,
  kNoApplicationProtocol = 120,
};

}  // namespace

std::error_code meaning_of_alert(std::uint8_t alert) {
  switch (alert) {
    case kBadCertificate:
    case kUnsupportedCertificate:
    case kCertificateRevoked:
    case kCertificateExpired:
    case kCertificateUnknown:
    case kUnknownAuthority:
    case kAccessDenied:
    case kDecryptError:
    case kCertificateRequired: return Errc::kHandshakeRefused;
    case kNoApplicationProtocol: return Errc::kProtocolNotSupported;
    case kHandshakeFailure:
    case kProtocolVersion:
    case kInsufficientSecurity:
    case kMissingExtension: return Errc::kUnsupported;
    default: return Errc::kReset;
  }
}

std::error_code meaning_of(const CloseReason& reason) {
  if (reason.by_application) return reason.code == kNoError ? Errc::kClosed : Errc::kReset;
  if (reason.code == kTransportNoError) return Errc::kClosed;
  if (reason.code == kConnectionRefused) return Errc::kRefused;
  if (reason.code >= kCryptoErrors && reason.code < kCryptoErrors + 0x100) {
    return meaning_of_alert(static_cast<std::uint8_t>(reason.code - kCryptoErrors));
  }
  return Errc::kReset;
}

}  // namespace warren::quic
