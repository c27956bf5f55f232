#include "warren/sim/router.hpp"

#include <utility>

#include "warren/sim/world.hpp"

namespace warren::sim {

namespace {

NatOptions without_translation(NatOptions options) {
  options.translates = false;
  return options;
}

}  // namespace

Router::Router(World& world, std::uint32_t number, std::string name, const NatOptions& options,
               IpAddress outside, Router* behind, std::uint64_t seed)
    : world_(world),
      number_(number),
      name_(std::move(name)),
      behind_(behind),
      nat_(seed, options, outside),
      firewall_(seed, without_translation(options), outside) {}

bool Router::translates(const IpAddress& inside) const {
  return options().translates && inside.is_v4() == outside().is_v4();
}

NatModel& Router::model_for(const IpAddress& inside) {
  return options().translates && !translates(inside) ? firewall_ : nat_;
}

void Router::reboot() {
  world_.trace(name_ + " reboots");
  nat_.reboot();
  firewall_.reboot();
}

void Router::set_outside(IpAddress outside) {
  world_.trace(name_ + " has the address " + outside.to_string());
  nat_.set_outside(outside);
  world_.enter_all();
}

void Router::set_options(const NatOptions& options) {
  world_.trace(name_ + " treats packets differently");
  nat_.set_options(options);
  firewall_.set_options(without_translation(options));
  world_.enter_all();
}

}  // namespace warren::sim
