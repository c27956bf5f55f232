// One run: a node asks another one, which it has never met, over a relay at once, and directly as soon as
// there is a path; and what both say of it.
#pragma once

#include <optional>
#include <string>

#include "test/sim/punch/country.hpp"

namespace warren::punch_sim {

struct Outcome {
  Weather weather;
  std::string missing;                // of what a node has when it is ready
  std::optional<Duration> answered;   // how long the first request took
  std::optional<Duration> direct;     // from its begin until the path was direct
  bool proved = false;                // that it is: it carries a request without any server
  bool first_try = false;             // the first round of both led to it
  std::optional<PathMeans> means;     // which did
  std::optional<RelayReason> reason;  // of a relayed path, as the asker tells it
  std::string why;                    // the same in words
  std::string report;                 // what both say, for people
  std::vector<std::string> trace;     // each event
  std::size_t mappings = 0;           // the most that one router had
  std::uint64_t fingerprint = 0xcbf29ce484222325;

  // As soon as the cell wants it, and the weather allows.
  bool in_time(const Cell& cell) const;
  // Nothing: all is as the table says, or the failure has a reason.
  std::optional<std::string> complaint(const Cell& cell) const;
};

Outcome meet(std::uint64_t seed, const Cell& cell);

}  // namespace warren::punch_sim
