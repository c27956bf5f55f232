#include "warren/base/protobuf_wire.hpp"
#include "warren/protocols/pubsub/wire/rpc.hpp"
#include "warren/protocols/pubsub/wire/rpc_fields.hpp"

namespace warren::pubsub {
namespace {

using namespace fields;

class RpcReader {
 public:
  explicit RpcReader(const RpcLimits& limits) : limits_(limits) {}

  Result<Rpc> read(BytesView bytes);

 private:
  // Goes through one message; `on_field` may set error_.
  template <class OnField>
  void each_field(BytesView bytes, OnField on_field) {
    ProtobufReader reader(bytes, ProtobufForm::kLenient);
    while (!error_ && reader.next()) on_field(reader);
    if (error_) return;
    if (const auto end = reader.finish(); !end) error_ = end.error();
  }
  void refuse() {
    if (!error_) error_ = Errc::kTooLarge;
  }
  // To be called before memory is taken for an entry of whatever kind. False: there are too many.
  bool count() {
    if (++entries_ > limits_.entries_max) refuse();
    return !error_;
  }
  std::string_view topic(ProtobufReader& reader) {
    const BytesView name = reader.bytes();
    if (name.size() > limits_.topic_size_max) refuse();
    return as_text(name);
  }
  void id(ProtobufReader& reader, std::vector<BytesView>& to) {
    const BytesView bytes = reader.repeated_bytes();
    if (bytes.size() > limits_.message_id_size_max) refuse();
    if (count()) to.push_back(bytes);
  }
  void subscription(BytesView bytes);
  void control(BytesView bytes);
  void ihave(BytesView bytes);
  void ids(BytesView bytes, std::vector<BytesView>& to);
  void graft(BytesView bytes);
  void prune(BytesView bytes);
  void offer(BytesView bytes, Prune& prune);

  RpcLimits limits_;
  std::size_t entries_ = 0;
  std::error_code error_;
  Rpc rpc_;
};

Result<Rpc> RpcReader::read(BytesView bytes) {
  if (bytes.size() > limits_.size_max) return fail(Errc::kTooLarge);
  each_field(bytes, [&](ProtobufReader& reader) {
    if (reader.field() > kControl) return;
    const BytesView part = reader.repeated_bytes();
    if (!count()) return;
    switch (reader.field()) {
      case kSubscriptions: subscription(part); break;
      case kPublish: rpc_.messages.push_back(part); break;
      default: control(part);  // usually one; parts of a message that is cut in two belong together
    }
  });
  if (error_) return fail(error_);
  return std::move(rpc_);
}

void RpcReader::subscription(BytesView bytes) {
  SubscriptionChange change;
  each_field(bytes, [&](ProtobufReader& reader) {
    if (reader.field() == kSubscribe) change.subscribe = reader.varint() != 0;
    if (reader.field() == kSubscribeTopic) change.topic = topic(reader);
  });
  rpc_.subscriptions.push_back(change);
}

void RpcReader::control(BytesView bytes) {
  each_field(bytes, [&](ProtobufReader& reader) {
    if (reader.field() > kExtensions) return;
    const BytesView part = reader.repeated_bytes();
    if (!count()) return;
    switch (reader.field()) {
      case kIHave: ihave(part); break;
      case kIWant: ids(part, rpc_.control.iwant); break;
      case kGraft: graft(part); break;
      case kPrune: prune(part); break;
      case kIDontWant: ids(part, rpc_.control.idontwant); break;
      default:
        rpc_.extensions.emplace();
        each_field(part, [](ProtobufReader&) {});  // none of them is known; they have to be well encoded
    }
  });
}

void RpcReader::ihave(BytesView bytes) {
  IHave& have = rpc_.control.ihave.emplace_back();
  each_field(bytes, [&](ProtobufReader& reader) {
    if (reader.field() == kTopic) have.topic = topic(reader);
    if (reader.field() == kIHaveIds) id(reader, have.ids);
  });
}

void RpcReader::ids(BytesView bytes, std::vector<BytesView>& to) {
  each_field(bytes, [&](ProtobufReader& reader) {
    if (reader.field() == kIds) id(reader, to);
  });
}

void RpcReader::graft(BytesView bytes) {
  std::string_view& name = rpc_.control.graft.emplace_back();
  each_field(bytes, [&](ProtobufReader& reader) {
    if (reader.field() == kTopic) name = topic(reader);
  });
}

void RpcReader::prune(BytesView bytes) {
  Prune& prune = rpc_.control.prune.emplace_back();
  each_field(bytes, [&](ProtobufReader& reader) {
    if (reader.field() == kTopic) prune.topic = topic(reader);
    if (reader.field() == kPruneBackoff) prune.backoff_s = reader.varint();
    if (reader.field() == kPrunePeers) offer(reader.repeated_bytes(), prune);
  });
}

void RpcReader::offer(BytesView bytes, Prune& prune) {
  if (!count()) return;
  PeerOffer& offer = prune.peers.emplace_back();
  each_field(bytes, [&](ProtobufReader& reader) {
    if (reader.field() == kPeerId) offer.peer_id = reader.bytes();
    if (reader.field() == kPeerRecord) offer.signed_peer_record = reader.bytes();
  });
}

}  // namespace

Result<Rpc> read_rpc(BytesView bytes, const RpcLimits& limits) {
  return RpcReader(limits).read(bytes);
}

}  // namespace warren::pubsub
