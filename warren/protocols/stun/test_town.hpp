// For this folder's tests: a survey of a host behind a NAT, with servers outside, without sockets: what is
// sent goes through the NAT's model and takes 20 ms, and servers answer as Answering says.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "warren/protocols/stun/answering.hpp"
#include "warren/protocols/stun/survey.hpp"
#include "warren/sim/nat_model.hpp"
#include "warren/sim/random.hpp"

namespace warren::stun::test {

// A header and nothing else, in hex.
inline constexpr std::string_view kBareRequest = "000100002112a442b7e7a701bc34d686fa87dfae";

inline const Endpoint kListening{IpAddress::v4({10, 0, 0, 2}), 4001};
inline constexpr std::uint16_t kProbePort = 50'000;
inline constexpr Duration kDelay = 20ms;  // one way

inline IpAddress outside(std::uint8_t number) {
  return IpAddress::v4({198, 51, 100, number});
}

class Town {
 public:
  // Without a NAT the host is at its address, in the open.
  explicit Town(std::optional<sim::NatOptions> nat, std::uint64_t seed = 1)
      : random_(seed), local_(kListening) {
    if (nat) nat_.emplace(seed, *nat, outside(1));
    if (!nat || !nat->translates) local_.address = outside(9);
    survey = std::make_unique<Survey>(random_, local_, std::vector{local_.address}, now);
  }

  // A server at each of the addresses, with ports 3478 and 3479; with more than one it can change addresses.
  void add_server(std::vector<IpAddress> addresses, bool has_alternate = true) {
    servers_.push_back(std::make_unique<Server>(std::move(addresses), has_alternate, now));
  }
  Endpoint primary(std::size_t server) const { return {servers_[server]->addresses.front(), 3478}; }
  Endpoint alternate(std::size_t server) const { return {servers_[server]->addresses.front(), 3479}; }
  // As a peer that does favours; as a configured one.
  void add_helper(std::size_t server) {
    survey->add({.primary = primary(server), .alternate = alternate(server), .helper = server}, now);
  }
  void add_configured(std::size_t server) { survey->add({.primary = primary(server)}, now); }

  NatReport run() {
    const Instant begin = now;
    while (true) {
      for (const Step& step : survey->due(now)) perform(step);
      if (survey->done(now)) break;
      Instant next = survey->wake_at(now);
      if (!events_.empty()) next = std::min(next, events_.begin()->first);
      now = std::max(now, next);
      while (!events_.empty() && events_.begin()->first <= now) {
        const auto event = std::move(events_.begin()->second);
        events_.erase(events_.begin());
        event();
      }
    }
    took = now - begin;
    return survey->report(now);
  }

  // What comes to the listening socket, whatever sent it.
  void inject(const Endpoint& from, Bytes bytes, Via via = Via::kListening) {
    survey->on_datagram(via, from, bytes, now);
  }

  Instant now = Instant{} + 1h;
  Duration took{};
  unsigned loss_percent = 0;
  std::size_t sent = 0;  // datagrams of ours
  std::function<void(const SendDatagram&)> on_send{};
  bool favors_lie = false;  // helpers say that they have sent, and have not
  std::unique_ptr<Survey> survey;

 private:
  struct Server {
    Server(std::vector<IpAddress> the_addresses, bool alternate, Instant now)
        : addresses(std::move(the_addresses)), has_alternate(alternate), answering(all, per_ip, now) {}
    std::vector<IpAddress> addresses;
    bool has_alternate;
    Limit all{"all", "", 1000};
    Limit per_ip{"per_ip", "", 1000};
    Answering answering;
  };

  void later(Duration delay, std::function<void()> event) { events_.emplace(now + delay, std::move(event)); }
  bool lost() { return random_.below(100) < loss_percent; }

  void perform(const Step& step) {
    if (const auto* favor = std::get_if<AskFavor>(&step)) {
      const Endpoint from = favor->from_alternate ? alternate(favor->helper) : primary(favor->helper);
      const Message message{.kind = Class::kIndication, .id = favor->token, .software = {}};
      if (!favors_lie) {
        later(2 * kDelay, [=, this, target = favor->target] { enter(from, target, encode(message)); });
      }
      later(2 * kDelay, [token = favor->token, this] { survey->on_favor(token, true); });
      return;
    }
    const SendDatagram& datagram = std::get<SendDatagram>(step);
    ++sent;
    if (on_send) on_send(datagram);
    Endpoint from = local_;
    if (datagram.via == Via::kProbe) from.port = kProbePort;
    sim::NatModel::Verdict verdict{sim::NatModel::Verdict::Kind::kOut, from, datagram.to};
    if (nat_) verdict = nat_->from_inside({.from = from, .to = datagram.to}, now);
    if (lost()) return;
    if (verdict.kind == sim::NatModel::Verdict::Kind::kIn) deliver(verdict.from, verdict.to, datagram.bytes);
    if (verdict.kind != sim::NatModel::Verdict::Kind::kOut) return;
    later(kDelay, [=, this, bytes = datagram.bytes] { serve(verdict.from, verdict.to, bytes); });
  }

  void serve(const Endpoint& from, const Endpoint& to, const Bytes& bytes) {
    for (const auto& server : servers_) {
      const auto at = std::ranges::find(server->addresses, to.address);
      const bool port = to.port == 3478 || (to.port == 3479 && server->has_alternate);
      if (at == server->addresses.end() || !port) continue;
      Answering::Asked asked{.from = from, .at = to};
      const std::uint16_t other = to.port == 3478 ? 3479 : 3478;
      if (server->has_alternate) asked.other_port = Endpoint{to.address, other};
      if (server->addresses.size() > 1) {
        asked.other_address = server->addresses[to.address == server->addresses[0] ? 1 : 0];
      }
      const auto reply = server->answering.answer(bytes, asked, now);
      if (!reply) return;
      const Endpoint origin{reply->from.address ? *asked.other_address : to.address,
                            reply->from.port ? other : to.port};
      later(kDelay, [=, this, answer = reply->bytes] { enter(origin, from, answer); });
    }
  }

  void enter(const Endpoint& from, const Endpoint& to, const Bytes& bytes) {
    if (lost()) return;
    if (!nat_) return deliver(from, to, bytes);
    const auto verdict = nat_->from_outside({.from = from, .to = to}, now);
    if (verdict.kind == sim::NatModel::Verdict::Kind::kIn) deliver(verdict.from, verdict.to, bytes);
  }

  void deliver(const Endpoint& from, const Endpoint& to, const Bytes& bytes) {
    if (to.address != local_.address) return;
    if (to.port == local_.port) survey->on_datagram(Via::kListening, from, bytes, now);
    if (to.port == kProbePort) survey->on_datagram(Via::kProbe, from, bytes, now);
  }

  sim::SeededRandom random_;
  Endpoint local_;
  std::optional<sim::NatModel> nat_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::multimap<Instant, std::function<void()>> events_;
};

}  // namespace warren::stun::test
