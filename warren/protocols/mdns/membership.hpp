// One multicast group on one network card: what is sent there and when, and what comes from there.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/env/env.hpp"
#include "warren/protocols/mdns/agenda.hpp"
#include "warren/protocols/mdns/packet.hpp"

namespace warren::mdns {

// How long what we announce holds.
inline constexpr Duration kTtl = 120s;

class Membership {
 public:
  struct Hooks {
    // What there is to say of us on the card; no addresses: nothing.
    std::function<Announcement(const NetworkInterface&)> describe;
    std::function<void(Membership&, const Datagram&)> receive;
    std::function<void()> failed;  // it hears nothing any more
    std::function<void()> queried;
    std::function<void()> answered;  // for each packet
  };

  Membership(Env& env, std::unique_ptr<DatagramSocket> socket, NetworkInterface interface, Hooks hooks);

  void start();
  // Tells the others that we leave, if they know us.
  Task<void> close();

  const NetworkInterface& interface() const { return interface_; }
  bool has_failed() const { return failed_; }

  // Begins anew if the network, the card or what there is to say of us is another.
  void update(NetworkInterface interface, bool network_changed);
  void ask_again();
  void asked();
  void asked_for_services();

 private:
  Task<void> listen();
  Task<void> receive_all();
  Task<void> speak();
  // Until something is due before `next`.
  Task<void> wait_for_change(Instant next);
  Task<void> announce(Announcement announcement);
  // What can't be sent is lost: the next one may be better off.
  Task<void> send(Bytes packet);

  Env& env_;
  std::unique_ptr<DatagramSocket> socket_;
  NetworkInterface interface_;
  Hooks hooks_;
  Agenda agenda_;
  Event changed_;                     // the agenda
  std::optional<Announcement> said_;  // last
  bool failed_ = false;
  TaskGroup tasks_;
};

}  // namespace warren::mdns
