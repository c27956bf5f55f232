// A picture of how soon messages arrive, as SVG.
#pragma once

#include <string>
#include <vector>

namespace warren::gossip_sim {

struct Curve {
  std::string name;
  std::vector<float> ms;  // sorted; of the deliveries in time
  double wanted = 0;      // deliveries, with those that never came
};

// The share of all deliveries that were done by each moment, one line for each curve.
std::string draw(const std::string& title, const std::string& subtitle, const std::vector<Curve>& curves);

}  // namespace warren::gossip_sim
