#include "warren/protocols/pubsub/wire/rpc.hpp"

#include "warren/protocols/pubsub/wire/output.hpp"
#include "warren/protocols/pubsub/wire/rpc_fields.hpp"

namespace warren::pubsub {
namespace {

using namespace fields;

// --- Sizes of what will be written, each without its own tag and length ---

std::size_t size_of(const SubscriptionChange& change) {
  return 2 + field_size(change.topic);
}

std::size_t size_of(const std::vector<BytesView>& ids) {
  std::size_t size = 0;
  for (const BytesView id : ids) size += field_size(id);
  return size;
}

std::size_t size_of(const IHave& have) {
  return field_size(have.topic) + size_of(have.ids);
}

std::size_t size_of_graft(std::string_view topic) {
  return field_size(topic);
}

std::size_t size_of(const PeerOffer& offer) {
  const std::size_t record = offer.signed_peer_record.empty() ? 0 : field_size(offer.signed_peer_record);
  return field_size(offer.peer_id) + record;
}

std::size_t size_of(const Prune& prune) {
  std::size_t size = field_size(prune.topic);
  for (const PeerOffer& offer : prune.peers) size += field_size(size_of(offer));
  if (prune.backoff_s) size += 1 + varint_size(*prune.backoff_s);
  return size;
}

std::size_t size_of_control(const Rpc& rpc) {
  const Control& control = rpc.control;
  std::size_t size = 0;
  for (const IHave& have : control.ihave) size += field_size(size_of(have));
  if (!control.iwant.empty()) size += field_size(size_of(control.iwant));
  for (const std::string_view topic : control.graft) size += field_size(size_of_graft(topic));
  for (const Prune& prune : control.prune) size += field_size(size_of(prune));
  if (!control.idontwant.empty()) size += field_size(size_of(control.idontwant));
  if (rpc.extensions) size += field_size(0);
  return size;
}

bool has_control(const Rpc& rpc) {
  return !rpc.control.empty() || rpc.extensions;
}

std::size_t size_of(const Rpc& rpc) {
  std::size_t size = 0;
  for (const SubscriptionChange& change : rpc.subscriptions) size += field_size(size_of(change));
  for (const BytesView message : rpc.messages) size += field_size(message);
  if (has_control(rpc)) size += field_size(size_of_control(rpc));
  return size;
}

// --- Writing ---

void write_ids(Output& out, std::uint32_t field, const std::vector<BytesView>& ids) {
  if (ids.empty()) return;
  out.begin(field, size_of(ids));
  for (const BytesView id : ids) out.bytes(kIds, id);
}

void write(Output& out, const IHave& have) {
  out.begin(kIHave, size_of(have)).text(kTopic, have.topic);
  for (const BytesView id : have.ids) out.bytes(kIHaveIds, id);
}

void write(Output& out, const Prune& prune) {
  out.begin(kPrune, size_of(prune)).text(kTopic, prune.topic);
  for (const PeerOffer& offer : prune.peers) {
    out.begin(kPrunePeers, size_of(offer)).bytes(kPeerId, offer.peer_id);
    if (!offer.signed_peer_record.empty()) out.bytes(kPeerRecord, offer.signed_peer_record);
  }
  if (prune.backoff_s) out.number(kPruneBackoff, *prune.backoff_s);
}

void write_control(Output& out, const Rpc& rpc) {
  const Control& control = rpc.control;
  out.begin(kControl, size_of_control(rpc));
  for (const IHave& have : control.ihave) write(out, have);
  write_ids(out, kIWant, control.iwant);
  for (const std::string_view topic : control.graft) {
    out.begin(kGraft, size_of_graft(topic)).text(kTopic, topic);
  }
  for (const Prune& prune : control.prune) write(out, prune);
  write_ids(out, kIDontWant, control.idontwant);
  if (rpc.extensions) out.begin(kExtensions, 0);
}

Frame share(Output& out) {
  return std::make_shared<const Bytes>(out.take());
}

}  // namespace

bool Control::empty() const {
  return ihave.empty() && iwant.empty() && graft.empty() && prune.empty() && idontwant.empty();
}

bool Rpc::empty() const {
  return subscriptions.empty() && messages.empty() && control.empty() && !extensions;
}

Frame write_rpc(const Rpc& rpc) {
  const std::size_t size = size_of(rpc);
  Output out(varint_size(size) + size);
  out.varint(size);
  for (const SubscriptionChange& change : rpc.subscriptions) {
    out.begin(kSubscriptions, size_of(change)).number(kSubscribe, change.subscribe ? 1 : 0);
    out.text(kSubscribeTopic, change.topic);
  }
  for (const BytesView message : rpc.messages) out.bytes(kPublish, message);
  if (has_control(rpc)) write_control(out, rpc);
  return share(out);
}

Frame message_frame(BytesView encoded_message) {
  const std::size_t size = field_size(encoded_message);
  Output out(varint_size(size) + size);
  out.varint(size).bytes(kPublish, encoded_message);
  return share(out);
}

}  // namespace warren::pubsub
