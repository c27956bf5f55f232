#include "warren/base/error.hpp"

namespace warren {
namespace {

const char* sentence(Errc code) {
  switch (code) {
    case Errc::kOk: return "no error";
    case Errc::kTruncated: return "the data ends before the message does";
    case Errc::kMalformed: return "the data is not a valid message of this kind";
    case Errc::kNotMinimal: return "a number is not in its shortest encoding";
    case Errc::kTooLarge: return "the message is larger than this protocol allows";
    case Errc::kBadEncoding: return "the text is not valid in its encoding";
    case Errc::kUnsupported: return "this is not supported here";
    case Errc::kBadKey: return "the key is not valid";
    case Errc::kUnknownKeyType: return "the key type is not known to this node (it knows Ed25519 and SM2)";
    case Errc::kBadSignature: return "the signature does not verify";
    case Errc::kPeerIdMismatch: return "the peer that answered is not the one that was asked for";
    case Errc::kDecryptFailed: return "the data could not be decrypted";
    case Errc::kTimedOut: return "no answer within the time limit";
    case Errc::kCanceled: return "the operation was canceled";
    case Errc::kClosed: return "the connection is closed";
    case Errc::kReset: return "the other side reset the stream";
    case Errc::kEndOfStream: return "the other side ended the stream in the middle of a message";
    case Errc::kLimitReached: return "a limit of this node is reached";
    case Errc::kBadAddress: return "the address is not a valid multiaddr";
    case Errc::kNoAddresses: return "no address is known for this peer; connect with its full multiaddr first";
    case Errc::kNoTransport: return "no transport of this node can dial that address";
    case Errc::kUnreachable: return "the peer could not be reached at any of its addresses";
    case Errc::kRefused: return "the connection was refused; is a node listening there?";
    case Errc::kAddressInUse: return "the address is in use by another program; choose another port";
    case Errc::kProtocolNotSupported: return "the peer does not speak this protocol";
    case Errc::kNotFound: return "not found";
    case Errc::kSelfDial: return "that is this node itself";
    case Errc::kReplayed: return "the message was seen before (replay)";
    case Errc::kWrongRecipient: return "the message is for another node";
    case Errc::kWrongNetwork: return "the message belongs to another network";
    case Errc::kClockSkew: return "the message's time is outside the window; check the clocks of both machines";
    case Errc::kBeforeStart: return "the message was made before the receiver started; send it again";
    case Errc::kStaleBinding: return "the binding is expired or older than one seen before";
    case Errc::kBindingMismatch: return "the binding names another peer than this connection's";
    case Errc::kNotBound: return "the sender is not the node that is bound to this connection";
    case Errc::kNoBinding: return "the peer does not prove which node it is; does it run Warren, in this network?";
    case Errc::kWrongProtocol: return "the message was made for another protocol";
    case Errc::kRateLimited: return "the sender is over its rate; try again later";
    case Errc::kInboxFull: return "the receiver's inbox is full; the message was not kept";
    case Errc::kNoSuchService: return "the peer serves nothing under this name";
    case Errc::kServiceFailed: return "the service failed to answer the request";
    case Errc::kServiceTimedOut: return "the service was stopped at its time limit";
    case Errc::kOutcomeUnknown: return "the request may have run, and its answer is no longer kept";
    case Errc::kRejectedByPeer: return "the peer refused the message";
    case Errc::kStorage: return "the database could not be read or written; is the disk full?";
    case Errc::kIo: return "the file or socket could not be read or written";
    case Errc::kExists: return "it exists already and is never overwritten";
    case Errc::kBadConfig: return "the configuration is not valid";
  }
  return "unknown error";
}

class WarrenCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "warren"; }
  std::string message(int code) const override { return sentence(static_cast<Errc>(code)); }
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
