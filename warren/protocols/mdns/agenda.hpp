// When to ask and when to answer, on one network card. Decides only.
// RFC 6762, sections 5.2 and 6
#pragma once

#include <optional>

#include "warren/base/time.hpp"
#include "warren/env/random.hpp"

namespace warren::mdns {

// Nobody speaks at once: others that were woken by the same event would speak at the same time.
inline constexpr Duration kJitterMin = 20ms;
inline constexpr Duration kJitterMax = 120ms;
// Between two messages of one kind.
inline constexpr Duration kPauseMin = 1s;
// Between queries: threefold each time, up to this.
inline constexpr Duration kPauseMax = 5min;

class Agenda {
 public:
  // What is due.
  struct Due {
    bool query = false;
    bool announcement = false;
    bool services = false;
    bool any() const { return query || announcement || services; }
  };

  // `random` outlives it.
  Agenda(Instant now, Random& random) : random_(random) { begin(now); }

  // Queries as at the start: often at first. When the network has changed.
  void begin(Instant now);
  // One query more: what is known is about to expire. When somebody else asks before us, that will do.
  void ask_again(Instant now);

  // Somebody has asked who is there, or which services are.
  void asked(Instant now);
  void asked_for_services(Instant now);

  Instant next() const;
  // What is due by now; it counts as done.
  Due take(Instant now);

 private:
  Instant soon(Instant now, const std::optional<Instant>& last);

  Random& random_;
  Instant query_at_{};
  Duration pause_{};  // after the next query
  std::optional<Instant> again_at_;
  std::optional<Instant> announce_at_;
  std::optional<Instant> services_at_;
  std::optional<Instant> queried_;
  std::optional<Instant> announced_;
  std::optional<Instant> told_services_;
};

}  // namespace warren::mdns
