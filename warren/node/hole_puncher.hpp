// Looks for a direct path to every peer that is connected through a relay only: chooses how, by where the two
// nodes stand behind their NATs, and tries again in time (punch_schedule.hpp). It begins where the peer has
// dialed the relayed path, as DCUtR has it; where we have dialed it, the peer begins.
#pragma once

#include <map>
#include <memory>

#include "warren/async/task_group.hpp"
#include "warren/node/path_log.hpp"
#include "warren/node/path_meter.hpp"
#include "warren/node/punch_config.hpp"
#include "warren/node/punch_schedule.hpp"
#include "warren/protocols/dcutr/dcutr.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/protocols/spray/sprayer.hpp"
#include "warren/protocols/spray/strategy.hpp"

namespace warren {

struct HolePuncherNeeds {
  Host& host;
  identify::Identify& identify;
  dcutr::Dcutr& dcutr;
  spray::Sprayer& sprayer;
  PathLog& log;
  PathMeter& meter;
  PunchConfig config;
  std::function<NatPosition()> position;
  // Whether position() will not be known better in a moment. Then note_news() is called.
  std::function<bool()> is_settled;
};

class HolePuncher {
 public:
  // A peer that can be dialed plainly is connected by then, and if not, punching need not wait for it.
  static constexpr Duration kPlainDialTime = 1s;
  static constexpr Duration kPlainDialTimeMin = 300ms;
  // How long seek() waits for what the peer begins: an exchange, and a spray.
  static constexpr Duration kPeerBeginsTime = 25s;
  // Peers that are told of a new position, of those who begin.
  static constexpr std::size_t kTellMax = 64;

  // What is named there outlives it.
  explicit HolePuncher(HolePuncherNeeds needs);

  void start();
  Task<void> close();

  // Tries now, or asks the peer to, and returns when there is a direct path, or that has come to nothing. At
  // once when the peer is not connected, or directly already. Cancelable.
  Task<void> seek(PeerId peer);

  // Where we stand has changed: what failed before may work now.
  void note_news();

  // When the next try begins by itself; nothing when none is planned, or one is under way.
  std::optional<Instant> next_try(const PeerId& peer) const;
  bool is_seeking(const PeerId& peer) const;
  // Where the peer stands, as it has told.
  std::optional<spray::PeerPosition> position_of(const PeerId& peer) const;
  // Whether the peer speaks DCUtR; nothing: it has not said what it speaks.
  std::optional<bool> speaks_dcutr(const PeerId& peer) const;
  // The open relayed connection that this peer dialed, where there is no direct one; else null.
  ConnectionPtr relayed_from(const PeerId& peer) const;

 private:
  // A peer that is connected through a relay only.
  struct Search {
    explicit Search(Instant now) : schedule(now) {}

    PunchSchedule schedule;
    bool running = false;                // its task
    bool outdated = false;               // the try under way is: the network is another, here or there
    std::vector<Multiaddr> addresses{};  // as the peer told last
    bool speaks = false;
    std::optional<spray::PeerPosition> position{};
    Event changed{};  // something that its task or seek() waits for
  };
  using SearchPtr = std::shared_ptr<Search>;

  void connected(const Connection& connection);
  void disconnected(const PeerId& peer);
  void told(const PeerId& peer);
  SearchPtr search_of(const PeerId& peer);
  bool has_direct(const PeerId& peer) const;
  Task<void> pursue(PeerId peer, SearchPtr search);
  Task<void> end_pursuit(PeerId peer, SearchPtr search);
  Task<void> keep_trying(PeerId peer, SearchPtr search);
  Task<void> attempt(PeerId peer, ConnectionPtr relayed);
  Task<void> wait_until_outdated(SearchPtr search);
  void begin_anew(Search& search);
  void tell_position();
  Task<void> tell_position_to(ConnectionPtr relayed);
  Task<void> dial_plainly(PeerId peer, Duration within);
  Task<void> dial_nearby(PeerId peer, spray::PeerPosition theirs);
  Task<void> punch(PeerId peer, ConnectionPtr relayed);
  Task<void> wait_for_peer(PeerId peer, SearchPtr search);
  void note_round(const PunchRound& round);
  void note_position(const PeerId& peer, const spray::PeerPosition& position);
  // One side's tables say that nothing can work: as good as a round that failed.
  void note_hopeless(const PeerId& peer, const spray::Strategy& strategy, bool ours);

  HolePuncherNeeds needs_;
  Host& host_;
  std::map<PeerId, SearchPtr> searches_;
  std::vector<Subscription> subscriptions_;
  TaskGroup tasks_;
};

}  // namespace warren
