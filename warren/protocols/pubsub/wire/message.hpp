// A published message: its fields, its id, and the StrictSign policy (each message carries its author, a
// sequence number and a signature by the author's transport key).
// https://github.com/libp2p/specs/blob/master/pubsub/README.md
//
//   Message { 1 from  2 data  3 seqno (8 bytes, big endian)  4 topic  5 signature  6 key }
//   signature: over "libp2p-pubsub:" and the Message with fields 1 to 4
#pragma once

#include <functional>

#include "warren/crypto/peer_id.hpp"
#include "warren/protocols/pubsub/wire/names.hpp"

namespace warren::pubsub {

// Borrowed from the bytes that it was read from. Fields that were not there are empty, and their data() is
// null: what is there and empty is part of what is signed.
struct MessageView {
  BytesView from;
  BytesView data;
  BytesView seqno;
  std::string_view topic;
  BytesView signature;
  BytesView key;
  bool has_unknown_fields = false;
};

// Finds the fields, copies nothing and checks nothing but the encoding. kMalformed, kTruncated.
Result<MessageView> read_message(BytesView encoded);

// Makes the id of a message. Cheap: it runs before anything is known of the message, duplicates included.
using MessageIdFunction = std::function<MessageId(const MessageView&)>;

// The spec's: from || seqno.
MessageId default_message_id(const MessageView& message);

// The cheap part of StrictSign: there are an author, 8 bytes of seqno and a signature, and the key is inside
// the author's PeerID or beside it and the author's, which the hash tells. The author. kMalformed, kBadKey,
// kPeerIdMismatch, kBadSignature (there is none). Stricter than some: a message with unknown fields is
// kMalformed and an empty key kBadKey, because go-libp2p-pubsub takes neither, and would blame us for
// forwarding them.
Result<PeerId> check_author(const MessageView& message);

// The expensive part, for the offload pool: check_author(), then the key and the signature. kBadKey,
// kBadKeySize, kBadSignature; kUnknownKeyType: nobody's fault, we cannot tell.
Result<> verify_message(const MessageView& message);

// A Message as StrictSign wants it, encoded. `seqno` must be greater than those this key has used before.
Bytes sign_message(const PrivateKey& key, std::uint64_t seqno, std::string_view topic, BytesView data);

// The same without signature, for networks that agreed on it (StrictNoSign): neither author nor seqno.
Bytes unsigned_message(std::string_view topic, BytesView data);

}  // namespace warren::pubsub
