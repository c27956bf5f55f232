#include "test/sim/gossip/attack.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"

namespace warren::gossip_sim {

const std::vector<Attack>& attacks() {
  static const std::vector<Attack> all = {
      {.name = "eclipse-one",
       .about = "sybils that surround one node drop all it sends, and all for it",
       .target = Target::kOne,
       .from_start = true,
       .covert = true,
       .lies = true},
      {.name = "eclipse-publishers",
       .about = "the same around every node that publishes",
       .target = Target::kPublishers,
       .from_start = true,
       .covert = true,
       .lies = true},
      {.name = "eclipse-all",
       .about = "sybils crowd around everybody in a network whose meshes are full",
       .lies = true},
      {.name = "censor",
       .about = "sybils pass on all but one node's messages",
       .target = Target::kOne,
       .deeds = Deeds::kCensor,
       .from_start = true,
       .covert = true,
       .insistent = false},
      {.name = "degrade",
       .about = "sybils pass on a third of the messages, a second late",
       .deeds = Deeds::kDegrade,
       .from_start = true,
       .covert = true,
       .insistent = false},
      {.name = "cold-boot",
       .about = "sybils are there when the network begins, and drop all",
       .from_start = true},
      {.name = "covert-flash",
       .about = "sybils do as honest nodes do, and all drop everything from one moment on",
       .from_start = true,
       .covert = true,
       .insistent = false},
      {.name = "dawn",
       .about = "sybils wait, covertly, among half of the network, and turn when the rest returns at once",
       .from_start = true,
       .covert = true,
       .at_dawn = true},
      {.name = "colocation",
       .about = "eclipse-all by sybils of which fifty share an address",
       .insistent = false,
       .sybils_per_address = 50},
  };
  return all;
}

std::vector<std::string> attack_names() {
  std::vector<std::string> names;
  for (const Attack& attack : attacks()) names.push_back(attack.name);
  return names;
}

const Attack& attack_named(const std::string& name) {
  const auto found = std::ranges::find(attacks(), name, &Attack::name);
  WARREN_ASSERT(found != attacks().end());
  return *found;
}

}  // namespace warren::gossip_sim
