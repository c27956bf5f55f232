#include "warren/protocols/pubsub/wire/output.hpp"
#include "warren/protocols/pubsub/wire/rpc.hpp"

namespace warren::pubsub {
namespace {

// More than the tags and lengths that every RPC can have once take up: of control, of its extensions, of its
// lists of ids; and what they count as entries.
constexpr std::size_t kOverhead = 32;
constexpr std::size_t kOverheadEntries = 4;
// No tag and length of an embedded message takes up more.
constexpr std::size_t kHead = 6;

// Fills one RPC after the other. Sizes are upper bounds.
class Splitter {
 public:
  explicit Splitter(std::size_t size_max) : size_max_(size_max) {}

  std::vector<Frame> split(const Rpc& rpc);

 private:
  bool fits(std::size_t size, std::size_t entries) const {
    return size_ + size <= size_max_ && entries_ + entries <= RpcLimits{}.entries_max;
  }
  // The RPC that an entry goes into.
  Rpc& place(std::size_t size, std::size_t entries = 1) {
    if (!fits(size, entries)) flush();
    size_ += size;
    entries_ += entries;
    return part_;
  }
  void flush() {
    if (!part_.empty()) frames_.push_back(write_rpc(part_));
    part_ = {};
    size_ = kOverhead;
    entries_ = kOverheadEntries;
  }
  void add(const IHave& have);
  void add(const Prune& prune);

  std::size_t size_max_;
  std::size_t size_ = kOverhead;
  std::size_t entries_ = kOverheadEntries;
  Rpc part_;
  std::vector<Frame> frames_;
};

void Splitter::add(const IHave& have) {
  const std::size_t head = kHead + field_size(have.topic);
  if (have.ids.empty()) place(head).control.ihave.push_back(have);
  for (const BytesView& id : have.ids) {
    const std::size_t size = field_size(id);
    if (&id != &have.ids.front() && fits(size, 1)) {
      place(size);
    } else {
      place(head + size, 2).control.ihave.push_back({.topic = have.topic, .ids = {}});
    }
    part_.control.ihave.back().ids.push_back(id);
  }
}

void Splitter::add(const Prune& prune) {
  std::size_t size = 2 * kHead + field_size(prune.topic);
  for (const PeerOffer& offer : prune.peers) {
    size += kHead + field_size(offer.peer_id) + field_size(offer.signed_peer_record);
  }
  place(size, 1 + prune.peers.size()).control.prune.push_back(prune);
}

std::vector<Frame> Splitter::split(const Rpc& rpc) {
  part_.extensions = rpc.extensions;
  for (const auto& change : rpc.subscriptions) {
    place(kHead + field_size(change.topic)).subscriptions.push_back(change);
  }
  for (const BytesView message : rpc.messages) place(field_size(message)).messages.push_back(message);
  for (const IHave& have : rpc.control.ihave) add(have);
  for (const BytesView id : rpc.control.iwant) place(field_size(id)).control.iwant.push_back(id);
  for (const std::string_view topic : rpc.control.graft) {
    place(kHead + field_size(topic)).control.graft.push_back(topic);
  }
  for (const Prune& prune : rpc.control.prune) add(prune);
  for (const BytesView id : rpc.control.idontwant) place(field_size(id)).control.idontwant.push_back(id);
  flush();
  return std::move(frames_);
}

}  // namespace

std::vector<Frame> write_split(const Rpc& rpc, std::size_t size_max) {
  return Splitter(size_max).split(rpc);
}

}  // namespace warren::pubsub
