#include "warren/base/error.hpp"

namespace warren {
namespace {

struct Sentence {
  Errc code;
  const char* text;
};

constexpr Sentence kSentences[] = {
    {Errc::kOk, "no error"},
    {Errc::kTruncated, "the data ends before the message does"},
    {Errc::kMalformed, "the data is not a valid message of this kind"},
    {Errc::kNotMinimal, "a number is not in its shortest encoding"},
    {Errc::kTooLarge, "the message is larger than this protocol allows"},
    {Errc::kBadEncoding, "the text is not valid in its encoding"},
    {Errc::kUnsupported, "this is not supported here"},
    {Errc::kBadKey, "the key is not valid"},
    {Errc::kBadKeySize, "the key's size is not allowed (RSA keys have 2048 to 8192 bits)"},
    {Errc::kUnknownKeyType,
     "the key type is not known to this node (it knows Ed25519, SM2, RSA, secp256k1 and ECDSA on P-256)"},
    {Errc::kBadSignature, "the signature does not verify"},
    {Errc::kPeerIdMismatch, "the peer that answered is not the one that was asked for"},
    {Errc::kDecryptFailed, "the data could not be decrypted"},
    {Errc::kNotValidNow, "the certificate is not valid at this time; check the clocks of both machines"},
    {Errc::kHandshakeRefused,
     "the other side refused this node's identity (stock libp2p peers do not know SM2 keys)"},
    {Errc::kUntrustedCertificate,
     "no authority that this machine trusts vouches for the server's certificate"},
    {Errc::kWrongServerName, "the server's certificate is for another name or address"},
    {Errc::kNoCertificate,
     "WebSocket over TLS (/tls/ws) needs a certificate: name it and its key in warren.toml, [websocket]"},
    {Errc::kTimedOut, "no answer within the time limit"},
    {Errc::kCanceled, "the operation was canceled"},
    {Errc::kClosed, "the connection is closed"},
    {Errc::kReset, "the other side reset the stream"},
    {Errc::kEndOfStream, "the other side ended the stream in the middle of a message"},
    {Errc::kLimitReached, "a limit of this node is reached"},
    {Errc::kBadAddress, "the address is not a valid multiaddr"},
    {Errc::kNoAddresses, "no address is known for this peer; connect with its full multiaddr first"},
    {Errc::kNoTransport, "no transport of this node can dial that address"},
    {Errc::kUnreachable, "the peer could not be reached at any of its addresses"},
    {Errc::kRefused, "the connection was refused; is a node listening there?"},
    {Errc::kAddressInUse, "the address is in use by another program; choose another port"},
    {Errc::kAddressNotAvailable, "no network interface of this machine has that address; listen on another"},
    {Errc::kProtocolNotSupported, "the peer does not speak this protocol"},
    {Errc::kSecurityNotSupported, "the peer speaks no security protocol of this node (Noise, TLS 1.3)"},
    {Errc::kNotFound, "not found"},
    {Errc::kSelfDial, "that is this node itself"},
    {Errc::kDenied, "the deny-list of this node names this peer or its address"},
    {Errc::kReplayed, "the message was seen before (replay)"},
    {Errc::kWrongRecipient, "the message is for another node"},
    {Errc::kWrongNetwork, "the message belongs to another network"},
    {Errc::kClockSkew, "the message's time is outside the window; check the clocks of both machines"},
    {Errc::kBeforeStart, "the message was made before the receiver started; send it again"},
    {Errc::kStaleBinding, "the binding is expired or older than one seen before"},
    {Errc::kBindingMismatch, "the binding names another peer than this connection's"},
    {Errc::kNotBound, "the sender is not the node that is bound to this connection"},
    {Errc::kNoBinding, "the peer does not prove which node it is; does it run Warren, in this network?"},
    {Errc::kWrongProtocol, "the message was made for another protocol"},
    {Errc::kRateLimited, "the sender is over its rate; try again later"},
    {Errc::kInboxFull, "the receiver's inbox is full; the message was not kept"},
    {Errc::kNoSuchService, "the peer serves nothing under this name"},
    {Errc::kServiceFailed, "the service failed to answer the request"},
    {Errc::kServiceTimedOut, "the service was stopped at its time limit"},
    {Errc::kOutcomeUnknown, "the request may have run, and its answer is no longer kept"},
    {Errc::kRejectedByPeer, "the peer refused the message"},
    {Errc::kNoPeers, "no peer to ask is known; name a bootstrap peer, or wait until one is found"},
    {Errc::kNoReservation, "the peer holds no reservation at this relay; look up its addresses again"},
    {Errc::kReservationRefused, "the relay has no reservation for us now; another relay may"},
    {Errc::kRelayDenied, "the relay does not serve this peer"},
    {Errc::kRelayFull, "the relay has no room for another circuit; try again, or through another relay"},
    {Errc::kRelayFailed, "the relay could not reach the peer"},
    {Errc::kLimitedByBudget,
     "the relayed path carries too little for this; a direct path would do, or a relay without limits"},
    {Errc::kNoDirectPath, "the peer is reached through relays only, and the call asked for a direct path"},
    {Errc::kDialBackRefused, "the peer does not dial this address back to check it"},
    {Errc::kPunchFailed, "no direct path came about, though both sides tried"},
    {Errc::kRoleConflict, "the peer takes no such exchange from this side of the relayed path"},
    {Errc::kPathSilent, "the path went silent: heartbeats were not answered"},
    {Errc::kBadTopic, "a topic's name is 1 to 128 bytes of text, without control characters"},
    {Errc::kNotAccepted, "this node's own validator does not take the message, so it was not sent"},
    {Errc::kNotSubscribed, "the peer has nothing of this topic"},
    {Errc::kBadRecord, "the record is not valid for its key"},
    {Errc::kOldRecord, "a newer record is held"},
    {Errc::kRecordExpired, "the record has expired"},
    {Errc::kStorage, "the database could not be read or written; is the disk full?"},
    {Errc::kIo, "the file or socket could not be read or written"},
    {Errc::kExists, "it exists already and is never overwritten"},
    {Errc::kBadConfig, "the configuration is not valid"},
};

class WarrenCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "warren"; }
  std::string message(int code) const override {
    for (const Sentence& sentence : kSentences) {
      if (static_cast<int>(sentence.code) == code) return sentence.text;
    }
    return "unknown error";
  }
};

}  // namespace

const std::error_category& error_category() {
  static const WarrenCategory category;
  return category;
}

void throw_error(std::error_code code, const std::string& context) {
  if (context.empty()) throw std::system_error(code);
  throw std::system_error(code, context);
}

}  // namespace warren
