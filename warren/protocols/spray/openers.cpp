#include "warren/protocols/spray/openers.hpp"

#include <algorithm>
#include <utility>

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/env/clock.hpp"
#include "warren/protocols/spray/spray_plan.hpp"

namespace warren::spray {

Openers::Openers(Env& env, SprayBudget& budget, const IpAddress& local, const Endpoint& target,
                 const Secret& secret, std::function<void()> on_hit)
    : env_(env),
      budget_(budget),
      local_{local, 0},
      target_(target),
      secret_(secret),
      opener_(encode_probe(secret, ProbeKind::kOpener)),
      on_hit_(std::move(on_hit)),
      tasks_(env.executor, "spray sockets") {}

Task<void> Openers::run() {
  SprayPlan plan(kSocketsMax, kOpenerPasses, env_.clock.now());
  while (!plan.done()) {
    co_await env_.clock.sleep_until(plan.next_at());
    const SprayPlan::Send next = plan.take(env_.clock.now());
    if (next.is_new && !open_one()) {
      stinted_ = true;
      plan.limit_flows(next.flow);
      continue;
    }
    if (sockets_[next.flow]) co_await send(next.flow);
  }
}

Task<void> Openers::close() {
  co_await tasks_.close();
  sockets_.clear();
  found_.clear();
}

bool Openers::open_one() {
  if (!budget_.open()) return false;
  auto socket = env_.network.bind_udp(local_);
  if (!socket) {
    log::info("spray", "no more than " + std::to_string(sockets_.size()) +
                           " sockets could be opened: " + socket.error().message());
    spare_some();
    return false;
  }
  if (!(*socket)->set_hop_limit(kOpenerHops)) return false;
  sockets_.push_back(std::move(*socket));
  opened_ = sockets_.size();
  tasks_.spawn(listen(sockets_.size() - 1));
  return true;
}

// The node has other uses for files, and a probe has the same chance with nearly as many sockets.
void Openers::spare_some() {
  std::size_t left = std::min(kSocketsSpared, sockets_.size() / 2);
  for (std::size_t i = sockets_.size(); i-- > 0 && left > 0;) {
    const bool is_found = std::ranges::find(found_, i, &Found::socket) != found_.end();
    if (!sockets_[i] || is_found) continue;
    sockets_[i]->close();  // which ends its task
    --left;
  }
}

Task<void> Openers::send(std::size_t socket) {
  sending_ = socket;
  const auto sent = co_await as_result(
      sockets_[socket]->send(local_.address, target_, opener_, opener_.size(), Ecn::kNotCapable));
  sending_.reset();
  if (!sent && sent.error() != Errc::kClosed) {
    log::debug("spray", "an opener was not sent: " + sent.error().message());
  }
  if (!found_.empty()) on_hit_();  // it may have waited for this one
}

Task<void> Openers::listen(std::size_t socket) {
  while (true) {
    const std::span<const Datagram> datagrams = co_await sockets_[socket]->receive();
    for (const Datagram& datagram : datagrams) {
      // The port may be another one than was told, if the NAT on this side lets it in.
      if (datagram.from.address != target_.address) continue;
      if (decode_probe(secret_, datagram.payload) != ProbeKind::kProbe) continue;
      found_.push_back({socket, datagram.from});
      on_hit_();
      co_return;
    }
  }
}

std::optional<Openers::Hit> Openers::take_hit() {
  for (auto found = found_.begin(); found != found_.end(); ++found) {
    if (sending_ == found->socket) continue;
    Hit hit{std::move(sockets_[found->socket]), found->from};
    found_.erase(found);
    return hit;
  }
  return std::nullopt;
}

}  // namespace warren::spray
