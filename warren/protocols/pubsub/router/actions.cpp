#include "warren/protocols/pubsub/router/actions.hpp"

namespace warren::pubsub {

bool Actions::empty() const {
  return sends.empty() && withdrawals.empty() && dials.empty() && grafted.empty() && pruned.empty();
}

}  // namespace warren::pubsub
