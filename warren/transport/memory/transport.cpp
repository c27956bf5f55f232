#include "warren/transport/memory/transport.hpp"

#include <utility>

#include "warren/base/reader.hpp"
#include "warren/base/writer.hpp"
#include "warren/env/memory_pipe.hpp"

namespace warren::memory {

namespace {

// As much as a TCP connection has in flight on a fast path.
constexpr std::size_t kPipeBuffer = 256 * 1024;
// Dials that nobody has accepted yet; a listening TCP socket has as many (SOMAXCONN was 128 for decades).
constexpr std::size_t kWaitingMax = 128;

}  // namespace

Result<std::uint64_t> number_of(const Multiaddr& address) {
  const auto components = address.components();
  if (components.size() != 1 || components[0].code != Protocol::kMemory) return fail(Errc::kBadAddress);
  return Reader(components[0].value).u64();
}

Multiaddr multiaddr_of(std::uint64_t number) {
  return Multiaddr().with(Protocol::kMemory, Writer().u64(number).view());
}

Task<RawConnection> MemoryTransport::dial(Multiaddr address) {
  const std::uint64_t number = value_or_throw(number_of(address), address.to_string());
  MemoryListener* const listener = hub_.find(number);
  if (listener == nullptr) throw_error(Errc::kRefused);
  const Multiaddr local = multiaddr_of(hub_.free_number());  // as TCP's ephemeral port
  auto [ours, theirs] = memory_pipe(kPipeBuffer);
  if (!listener->offer({std::move(theirs), address, local})) throw_error(Errc::kRefused);
  co_return RawConnection{std::move(ours), local, address};
}

Result<std::unique_ptr<TransportListener>> MemoryTransport::listen(const Multiaddr& address) {
  const auto number = number_of(address);
  if (!number) return fail(number.error());
  auto listener = std::make_unique<MemoryListener>(hub_);
  if (const auto opened = listener->open(*number); !opened) return fail(opened.error());
  return listener;
}

Result<> MemoryListener::open(std::uint64_t number) {
  const auto taken = hub_.add(number, *this);
  if (!taken) return fail(taken.error());
  number_ = *taken;
  address_ = multiaddr_of(number_);
  open_ = true;
  return {};
}

bool MemoryListener::offer(RawConnection connection) {
  if (waiting_.size() >= kWaitingMax) return false;
  waiting_.push_back(std::move(connection));
  changed_.notify_all();
  return true;
}

Task<RawConnection> MemoryListener::accept() {
  while (waiting_.empty() && open_) co_await changed_.wait();
  if (!open_) throw_error(Errc::kClosed);
  RawConnection connection = std::move(waiting_.front());
  waiting_.pop_front();
  co_return connection;
}

void MemoryListener::close() {
  if (!std::exchange(open_, false)) return;
  hub_.remove(number_);
  waiting_.clear();
  changed_.notify_all();
}

}  // namespace warren::memory
