// The attacks of the evaluation of gossipsub 1.1 (Vyzovitis et al., arXiv 2007.02754), as far as they can be
// told apart by when sybils come, whom they connect to, and what they do with messages.
#pragma once

#include <string>
#include <vector>

#include "test/sim/gossip/adversary.hpp"

namespace warren::gossip_sim {

enum class Target { kOne, kPublishers, kAll };

struct Attack {
  std::string name;
  std::string about;
  Target target = Target::kAll;
  Deeds deeds = Deeds::kDrop;
  bool from_start = false;             // sybils come when the honest nodes come, and are dialed as these are
  bool covert = false;                 // until the attack begins they do as honest nodes do
  bool at_dawn = false;                // half of the honest nodes are away until the attack begins
  bool insistent = true;               // graft again and again, whatever they are told
  bool lies = false;                   // offer messages that they never send
  std::size_t sybils_per_address = 1;  // on one IP address
};

const std::vector<Attack>& attacks();
std::vector<std::string> attack_names();
// Precondition: there is one of that name.
const Attack& attack_named(const std::string& name);

}  // namespace warren::gossip_sim
