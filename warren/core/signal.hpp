// Tells whoever subscribed that something happened, in the same loop, in the order of subscription.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace warren {

// Ends the subscription when destroyed. May outlive the signal.
class Subscription {
 public:
  Subscription() = default;
  explicit Subscription(std::function<void()> unsubscribe) : unsubscribe_(std::move(unsubscribe)) {}
  Subscription(Subscription&& other) noexcept : unsubscribe_(std::exchange(other.unsubscribe_, nullptr)) {}
  Subscription& operator=(Subscription&& other) noexcept {
    if (this != &other) {
      reset();
      unsubscribe_ = std::exchange(other.unsubscribe_, nullptr);
    }
    return *this;
  }
  ~Subscription() { reset(); }

  void reset() {
    if (const auto unsubscribe = std::exchange(unsubscribe_, nullptr)) unsubscribe();
  }

 private:
  std::function<void()> unsubscribe_;
};

template <class... Args>
class Signal {
 public:
  using Slot = std::function<void(Args...)>;

  [[nodiscard]] Subscription subscribe(Slot slot) {
    const std::uint64_t id = next_id_++;
    slots_->emplace(id, std::move(slot));
    return Subscription([slots = std::weak_ptr(slots_), id] {
      if (const auto alive = slots.lock()) alive->erase(id);
    });
  }

  // A slot may subscribe and unsubscribe; those that come during the call are not called in it.
  void emit(Args... args) const {
    std::vector<std::uint64_t> ids;
    for (const auto& [id, slot] : *slots_) ids.push_back(id);
    for (const std::uint64_t id : ids) {
      const auto found = slots_->find(id);
      if (found == slots_->end()) continue;
      const Slot slot = found->second;  // it may unsubscribe itself
      slot(args...);
    }
  }

 private:
  std::shared_ptr<std::map<std::uint64_t, Slot>> slots_ = std::make_shared<std::map<std::uint64_t, Slot>>();
  std::uint64_t next_id_ = 0;
};

}  // namespace warren
