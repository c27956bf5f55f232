#include "warren/protocols/spray/prober.hpp"

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/env/clock.hpp"
#include "warren/protocols/spray/spray_plan.hpp"

namespace warren::spray {

namespace {

constexpr std::size_t kHintsMax = 8;
constexpr std::size_t kPorts = 0x10000;

}  // namespace

Prober::Prober(Env& env, SharedSockets& sockets, SprayBudget& budget, const Endpoint& local,
               const IpAddress& target, const Secret& secret)
    : env_(env),
      sockets_(sockets),
      budget_(budget),
      local_(local),
      target_(target),
      secret_(secret),
      probe_(encode_probe(secret, ProbeKind::kProbe)),
      drawn_(kPorts) {
  strays_ = sockets_.strays().subscribe(
      [this](const Datagram& datagram, const Endpoint& at) { on_datagram(datagram, at); });
}

void Prober::on_datagram(const Datagram& datagram, const Endpoint& local) {
  if (local != local_ || datagram.from.address != target_) return;
  const auto kind = decode_probe(secret_, datagram.payload);
  if (kind == ProbeKind::kAnswer) answered_ = env_.clock.now();
  // It got here although openers die early, and our filter let it in: that port is one.
  if (kind == ProbeKind::kOpener && hints_.size() < kHintsMax) hints_.push_back(datagram.from.port);
}

Task<void> Prober::run() {
  SprayPlan plan(kProbesMax, kProbePasses, env_.clock.now());
  while (!plan.done()) {
    co_await env_.clock.sleep_until(plan.next_at());
    const Instant now = env_.clock.now();
    if (answered_ && now < *answered_ + kAnswerPause) {
      co_await env_.clock.sleep_until(*answered_ + kAnswerPause);
      continue;
    }
    if (!hints_.empty()) {
      const std::uint16_t hint = hints_.front();
      hints_.pop_front();
      co_await send(hint);
    }
    const SprayPlan::Send next = plan.take(now);
    if (next.is_new && !budget_.open()) {
      stinted_ = true;
      plan.limit_flows(next.flow);
      continue;
    }
    if (next.is_new) ports_.push_back(draw_port());
    const bool sent = co_await send(ports_[next.flow]);
    if (!sent) co_return;
  }
}

std::uint16_t Prober::draw_port() {
  while (true) {
    const auto port = static_cast<std::uint16_t>(kPortMin + env_.random.below(kPorts - kPortMin));
    if (drawn_[port]) continue;
    drawn_[port] = true;
    return port;
  }
}

Task<bool> Prober::send(std::uint16_t port) {
  const Endpoint remote{target_, port};
  Bytes probe = probe_;
  const auto sent = co_await as_result(sockets_.send(local_, remote, std::move(probe)));
  if (sent) co_return true;
  log::debug("spray", "a probe was not sent: " + sent.error().message());
  co_return sent.error() != Errc::kClosed&& sent.error() != Errc::kNotFound;
}

}  // namespace warren::spray
