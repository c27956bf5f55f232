#include "warren/messaging/path_signs.hpp"

#include <algorithm>
#include <vector>

namespace warren {
namespace {

constexpr Duration kRepeat = std::chrono::seconds(1);
// A larger message is written in such parts.
constexpr std::size_t kPart = 64 * 1024;

class WatchedStream final : public ByteStream {
 public:
  WatchedStream(PathSigns& signs, ConnectionPtr connection, StreamPtr inner)
      : signs_(signs),
        connection_(connection),
        use_(signs, std::move(connection)),
        inner_(std::move(inner)) {}

  Task<std::size_t> read_some(MutableBytes to) override {
    const std::size_t size = co_await inner_->read_some(to);
    if (size > 0) signs_.hear(*connection_);
    co_return size;
  }
  // What buffers take at once says nothing of the peer, but they are full soon.
  Task<void> write(BytesView bytes) override {
    while (bytes.size() > kPart) {
      co_await inner_->write(bytes.first(kPart));
      signs_.hear(*connection_);
      bytes = bytes.subspan(kPart);
    }
    co_await inner_->write(bytes);
  }
  Task<void> close_write() override { return inner_->close_write(); }
  void reset() override { inner_->reset(); }

 private:
  PathSigns& signs_;
  ConnectionPtr connection_;
  PathSigns::Use use_;
  StreamPtr inner_;
};

}  // namespace

PathSigns::Use::Use(PathSigns& signs, ConnectionPtr connection)
    : signs_(&signs), connection_(std::move(connection)) {
  Uses& uses = signs_->uses_[connection_.get()];
  uses.connection = connection_;
  ++uses.count;
  signs_->told_.emit(*connection_, PathSign::kUsed);
  signs_->begun_.notify_all();
}

PathSigns::Use::~Use() {
  if (!connection_) return;
  const auto found = signs_->uses_.find(connection_.get());
  if (--found->second.count == 0) signs_->uses_.erase(found);
}

StreamPtr PathSigns::watch(ConnectionPtr connection, StreamPtr stream) {
  return std::make_unique<WatchedStream>(*this, std::move(connection), std::move(stream));
}

Task<void> PathSigns::keep_telling() {
  while (true) {
    while (uses_.empty()) co_await begun_.wait();
    co_await env_.clock.sleep_for(kRepeat);
    std::vector<ConnectionPtr> used;
    for (const auto& [_, uses] : uses_) used.push_back(uses.connection);
    for (const ConnectionPtr& connection : used) told_.emit(*connection, PathSign::kUsed);
  }
}

}  // namespace warren
