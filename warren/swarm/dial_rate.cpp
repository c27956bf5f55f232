#include "warren/swarm/dial_rate.hpp"

namespace warren {

namespace {

// Gives the token back unless it was used.
class Turn {
 public:
  explicit Turn(TokenBucket& bucket) : bucket_(&bucket) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (bucket_ != nullptr) bucket_->give_back();
  }
  void use() { bucket_ = nullptr; }

 private:
  TokenBucket* bucket_;
};

double per_second(const Limit& limit) {
  return static_cast<double>(std::max<std::uint64_t>(limit.max(), 1));
}

}  // namespace

DialRate::DialRate(Clock& clock, Limit& limit, double burst)
    : clock_(clock), limit_(limit), bucket_(per_second(limit), burst * per_second(limit), clock.now()) {}

Task<void> DialRate::wait_turn(Duration wait_max) {
  const Instant now = clock_.now();
  if (limit_.max() == 0 || bucket_.time_to_next(now) > wait_max) {
    limit_.refuse();
    throw_error(Errc::kLimitReached, std::string(limit_.knob()));
  }
  const Duration wait = bucket_.take_in_advance(now);
  Turn turn(bucket_);
  if (wait > Duration::zero()) co_await clock_.sleep_until(now + wait);
  turn.use();
  update();
}

void DialRate::update() {
  limit_.set_used(std::min<std::uint64_t>(bucket_.missing(clock_.now()), limit_.max()));
}

}  // namespace warren
