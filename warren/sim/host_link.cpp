#include "warren/sim/host_link.hpp"

#include <algorithm>
#include <utility>

#include "warren/sim/host.hpp"

namespace warren::sim {

namespace {

// What the run's fingerprint is made of.
enum LinkHappening : std::uint64_t { kOpened = 1, kEnded, kSent };

const ProtocolId kNoProtocol;

}  // namespace

// What a protocol holds of a stream.
class PlainStream final : public ByteStream {
 public:
  PlainStream(std::shared_ptr<PlainLink> link, PlainLink::PipePtr pipe, std::size_t side)
      : link_(std::move(link)), pipe_(std::move(pipe)), side_(side) {}
  ~PlainStream() override { reset(); }

  Task<std::size_t> read_some(MutableBytes to) override;
  Task<void> write(BytesView bytes) override;
  Task<void> close_write() override;
  void reset() override;

 private:
  PlainLink::Pipe::Half& half() { return pipe_->halves[side_]; }
  void check() {
    if (half().broken) throw_error(half().broken);
  }

  std::shared_ptr<PlainLink> link_;
  PlainLink::PipePtr pipe_;
  std::size_t side_;
};

Task<std::size_t> PlainStream::read_some(MutableBytes to) {
  auto& mine = half();
  while (mine.received.empty() && !mine.peer_ended && !mine.broken) co_await mine.changed.wait();
  check();
  const std::size_t count = std::min(to.size(), mine.received.size() - mine.read);
  std::copy_n(mine.received.begin() + static_cast<std::ptrdiff_t>(mine.read), count, to.begin());
  mine.read += count;
  if (mine.read == mine.received.size()) {
    mine.received = {};
    mine.read = 0;
  }
  co_return count;
}

Task<void> PlainStream::write(BytesView bytes) {
  check();
  if (half().ended) throw_error(Errc::kClosed);
  auto& counters = link_->crowd_.counters();
  ++counters.messages;
  counters.bytes += bytes.size();
  PlainLink::send(link_, pipe_, side_, {.kind = PlainLink::Parcel::Kind::kBytes, .bytes = to_bytes(bytes)});
  co_return;
}

Task<void> PlainStream::close_write() {
  check();
  if (std::exchange(half().ended, true)) co_return;
  PlainLink::send(link_, pipe_, side_, {.kind = PlainLink::Parcel::Kind::kEnd});
}

void PlainStream::reset() {
  auto& mine = half();
  if (!mine.over()) {
    mine.broken = Errc::kReset;
    mine.received = {};
    mine.changed.notify_all();
    if (pipe_->sent || pipe_->accepted) {
      PlainLink::send(link_, pipe_, side_, {.kind = PlainLink::Parcel::Kind::kReset, .why = Errc::kReset});
    } else {
      pipe_->halves[1 - side_].broken = Errc::kReset;
    }
  }
  link_->settle(*pipe_);
}

PlainLink::PlainLink(Crowd& crowd, PlainHost& from, PlainHost& to)
    : crowd_(crowd), round_trip_(crowd.round_trip(from.number(), to.number())) {
  const std::array hosts = {&from, &to};
  for (std::size_t side = 0; side < 2; ++side) {
    End& end = ends_[side];
    end.link = this;
    end.side = static_cast<std::uint8_t>(side);
    end.local = hosts[side]->number();
    end.opened = end.last_used = crowd.now();
    end.peer = hosts[1 - side]->peer_id();
  }
}

PlainLink::LinkPtr PlainLink::enter(Crowd& crowd, PlainHost& from, PlainHost& to) {
  auto link = std::make_shared<PlainLink>(crowd, from, to);
  link->self_ = link;
  crowd.trace(kOpened, from.number(), to.number());
  to.enter(link);
  from.enter(link);
  return link;
}

PlainLink::LinkPtr PlainLink::open(Crowd& crowd, PlainHost& from, PlainHost& to) {
  auto link = enter(crowd, from, to);
  ++crowd.counters().handshakes;
  watch_idle(link);
  return link;
}

void PlainLink::open_and_close(Crowd& crowd, PlainHost& from, PlainHost& to) {
  const auto link = enter(crowd, from, to);
  for (const std::size_t side : {0, 1}) end(link, side, Errc::kClosed);
}

void PlainLink::close(const LinkPtr& link, std::size_t side, bool silently) {
  if (!link->is_open(side)) return;
  Crowd& crowd = link->crowd_;
  const Duration until_noticed = silently ? crowd.options().silence_limit : link->round_trip_ / 2;
  const Errc reason = silently ? Errc::kTimedOut : Errc::kClosed;
  end(link, side, Errc::kClosed);
  crowd.loop().at(crowd.now() + until_noticed, [weak = std::weak_ptr(link), other = 1 - side, reason] {
    if (const auto link = weak.lock()) end(link, other, reason);
  });
}

void PlainLink::end(const LinkPtr& link, std::size_t side, std::error_code reason) {
  End& mine = link->ends_[side];
  if (mine.reason) return;
  mine.reason = reason;
  link->crowd_.trace(kEnded, mine.local, link->ends_[1 - side].local);
  for (const PipePtr& pipe : std::vector(link->pipes_)) {
    Pipe::Half& half = pipe->halves[side];
    if (!half.broken) half.broken = Errc::kReset;
    half.received = {};
    half.changed.notify_all();
  }
  if (!link->is_open(1 - side)) link->pipes_.clear();
  if (PlainHost* host = link->host(side)) host->leave(link);
}

void PlainLink::watch_idle(const LinkPtr& link) {
  Crowd& crowd = link->crowd_;
  const Duration limit = crowd.options().idle_limit;
  const Instant last = std::max(link->ends_[0].last_used, link->ends_[1].last_used);
  const bool idle = crowd.now() - last >= limit;
  bool wanted = false;
  for (std::size_t side = 0; side < 2; ++side) {
    const PlainHost* host = link->host(side);
    wanted |= host != nullptr && host->is_protected(link->ends_[side].peer);
  }
  if (idle && !wanted) {
    close(link, 0, false);
    return;
  }
  crowd.loop().at((idle ? crowd.now() : last) + limit, [weak = std::weak_ptr(link)] {
    const auto link = weak.lock();
    if (link && link->is_open(0) && link->is_open(1)) watch_idle(link);
  });
}

void PlainLink::send(const LinkPtr& link, const PipePtr& pipe, std::size_t side, Parcel parcel) {
  End& mine = link->ends_[side];
  if (mine.reason) return;
  Crowd& crowd = link->crowd_;
  mine.last_used = crowd.now();
  pipe->sent = true;
  crowd.trace(kSent, mine.local, link->ends_[1 - side].local, parcel.bytes.size());
  // The host that it is for holds the connection, and that the stream, as long as they are open to it.
  crowd.loop().at(crowd.now() + link->round_trip_ / 2,
                  [link = std::weak_ptr(link), pipe = std::weak_ptr(pipe), other = 1 - side,
                   parcel = std::move(parcel)]() mutable {
                    const auto to = link.lock();
                    const auto on = pipe.lock();
                    if (to && on) arrive(to, on, other, std::move(parcel));
                  });
}

void PlainLink::arrive(const LinkPtr& link, const PipePtr& pipe, std::size_t side, Parcel parcel) {
  End& mine = link->ends_[side];
  if (mine.reason) return;
  mine.last_used = link->crowd_.now();
  Pipe::Half& half = pipe->halves[side];
  if (side == pipe->opened_to && !std::exchange(pipe->accepted, true)) {
    if (parcel.kind == Parcel::Kind::kReset || !accept(link, pipe, side)) half.broken = Errc::kReset;
  }
  if (!half.broken) {
    switch (parcel.kind) {
      case Parcel::Kind::kBytes: append(half.received, parcel.bytes); break;
      case Parcel::Kind::kEnd: half.peer_ended = true; break;
      case Parcel::Kind::kReset:
        half.broken = parcel.why;
        half.received = {};
        break;
    }
    half.changed.notify_all();
  }
  link->settle(*pipe);
}

// The stream's first parcel: its handler begins. False when there is none.
bool PlainLink::accept(const LinkPtr& link, const PipePtr& pipe, std::size_t side) {
  PlainHost* host = link->host(side);
  const StreamHandler* handler = host == nullptr ? nullptr : host->handler(pipe->protocol);
  if (handler == nullptr) {
    send(link, pipe, side, {.kind = Parcel::Kind::kReset, .why = Errc::kProtocolNotSupported});
    return false;
  }
  host->tasks_->spawn((*handler)(connection(link, side), std::make_unique<PlainStream>(link, pipe, side)));
  return true;
}

void PlainLink::settle(const Pipe& pipe) {
  if (!pipe.halves[0].over() || !pipe.halves[1].over()) return;
  std::erase_if(pipes_, [&pipe](const PipePtr& each) { return each.get() == &pipe; });
}

const PublicKey& PlainLink::End::remote_key() const {
  if (!key) key = std::make_unique<PublicKey>(peer.public_key().value());
  return *key;
}

const Multiaddr& PlainLink::End::local_address() const {
  if (!address) address = std::make_unique<Multiaddr>(link->crowd_.address_of(local));
  return *address;
}

Multiaddr PlainLink::End::remote_address() const {
  return link->crowd_.address_of(link->ends_[1 - side].local);
}

const ProtocolId& PlainLink::End::security() const {
  return kNoProtocol;
}

const ProtocolId& PlainLink::End::muxer() const {
  return kNoProtocol;
}

Task<StreamPtr> PlainLink::End::open_stream(ProtocolId protocol) {
  if (reason) throw_error(Errc::kClosed);
  ++link->crowd_.counters().streams;
  last_used = link->crowd_.now();
  auto pipe = std::make_shared<Pipe>();
  pipe->protocol = std::move(protocol);
  pipe->opened_to = static_cast<std::uint8_t>(1 - side);
  link->pipes_.push_back(pipe);
  co_return std::make_unique<PlainStream>(link->self_.lock(), std::move(pipe), side);
}

void PlainLink::End::close() {
  PlainLink::close(link->self_.lock(), side, false);
}

}  // namespace warren::sim
