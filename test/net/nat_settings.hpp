// What a router is set to, as people write it: "type port-restricted outside 31.2.0.1 hairpin on".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "warren/sim/nat_model.hpp"

namespace warren::net {

struct NatSettings {
  sim::NatOptions options;
  std::optional<IpAddress> outside;
};

// Changes `settings` by the pairs of a name and a value in `text`; when it returns what is wrong with them
// instead of nothing, `settings` are as they were. `type NAME` is as NatOptions::of_type; `mapping` and
// `filtering` have the names of RFC 4787, "endpoint-independent" and so on; switches are "on" or "off".
std::optional<std::string> change(NatSettings& settings, std::string_view text);

}  // namespace warren::net
