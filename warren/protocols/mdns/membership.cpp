#include "warren/protocols/mdns/membership.hpp"

#include "warren/async/as_result.hpp"
#include "warren/async/race.hpp"
#include "warren/base/log.hpp"

namespace warren::mdns {

namespace {

// Before a card whose socket has failed is tried again.
constexpr Duration kRetryAfter = 10s;
// A goodbye that finds no room in the card's queue does not hold up the program's end.
constexpr Duration kGoodbyeMax = 1s;

}  // namespace

Membership::Membership(Env& env, std::unique_ptr<DatagramSocket> socket, NetworkInterface interface,
                       Hooks hooks)
    : env_(env),
      socket_(std::move(socket)),
      interface_(std::move(interface)),
      hooks_(std::move(hooks)),
      agenda_(env.clock.now(), env.random),
      tasks_(env.executor, "mdns " + interface_.name) {}

void Membership::start() {
  tasks_.spawn(listen());
  tasks_.spawn(speak());
}

Task<void> Membership::close() {
  co_await tasks_.close();
  if (said_) {
    Announcement goodbye = *said_;
    goodbye.ttl = Duration::zero();
    Task<void> farewell = announce(std::move(goodbye));
    co_await as_result(with_timeout(env_.clock, kGoodbyeMax, std::move(farewell)));
  }
  socket_->close();
}

void Membership::update(NetworkInterface interface, bool network_changed) {
  const bool same_card = interface.addresses == interface_.addresses;
  interface_ = std::move(interface);
  const bool said = said_ && said_->addresses == hooks_.describe(interface_).addresses;
  if (same_card && said && !network_changed) return;
  agenda_.begin(env_.clock.now());
  changed_.notify_all();
}

void Membership::ask_again() {
  agenda_.ask_again(env_.clock.now());
  changed_.notify_all();
}

void Membership::asked() {
  agenda_.asked(env_.clock.now());
  changed_.notify_all();
}

void Membership::asked_for_services() {
  agenda_.asked_for_services(env_.clock.now());
  changed_.notify_all();
}

Task<void> Membership::listen() {
  const auto ended = co_await as_result(receive_all());
  log::debug("mdns", "no more is heard at " + interface_.name + ": " + ended.error().message());
  co_await env_.clock.sleep_for(kRetryAfter);
  failed_ = true;
  hooks_.failed();
}

Task<void> Membership::receive_all() {
  for (;;) {
    const auto batch = co_await socket_->receive();
    for (const Datagram& datagram : batch) hooks_.receive(*this, datagram);
  }
}

Task<void> Membership::wait_for_change(Instant next) {
  while (agenda_.next() >= next) co_await changed_.wait();
}

Task<void> Membership::speak() {
  for (;;) {
    const Instant next = agenda_.next();
    if (next > env_.clock.now()) {
      co_await race(env_.clock.sleep_until(next), wait_for_change(next));
      continue;
    }
    const Agenda::Due due = agenda_.take(env_.clock.now());
    if (due.query) {
      co_await send(encode_query());
      hooks_.queried();
    }
    if (due.services) co_await send(encode_services(kTtl));
    if (due.announcement) {
      Announcement announcement = hooks_.describe(interface_);
      if (announcement.addresses.empty()) continue;
      said_ = announcement;
      co_await announce(std::move(announcement));
    }
  }
}

Task<void> Membership::announce(Announcement announcement) {
  for (Bytes& packet : encode(announcement)) {
    co_await send(std::move(packet));
    hooks_.answered();
  }
}

Task<void> Membership::send(Bytes packet) {
  const Endpoint group = socket_->local_endpoint();
  const IpAddress any = group.address.is_v4() ? IpAddress() : IpAddress::v6({});
  const auto sent = co_await as_result(socket_->send(any, group, packet, packet.size(), Ecn::kNotCapable));
  if (!sent) log::debug("mdns", "not sent at " + interface_.name + ": " + sent.error().message());
}

}  // namespace warren::mdns
