// The topics that peers are scored in, by number.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "warren/protocols/pubsub/score/params.hpp"
#include "warren/protocols/pubsub/wire/names.hpp"

namespace warren::pubsub {

class ScoredTopics {
 public:
  // Number of a topic that is scored.
  std::optional<std::uint32_t> find(const Topic& topic) const {
    const auto known = numbers_.find(topic);
    return known == numbers_.end() ? std::nullopt : std::optional(known->second);
  }
  const TopicScoreParams& params(std::uint32_t topic) const { return params_[topic]; }

  std::uint32_t set(const Topic& topic, const TopicScoreParams& params) {
    if (const auto known = find(topic)) return params_[*known] = params, *known;
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(params_.size()));
      params_.emplace_back();
    }
    const std::uint32_t number = free_.back();
    free_.pop_back();
    params_[number] = params;
    numbers_.emplace(topic, number);
    return number;
  }

  // Its number will be given to another topic.
  void remove(const Topic& topic) {
    const auto known = numbers_.find(topic);
    if (known == numbers_.end()) return;
    free_.push_back(known->second);
    numbers_.erase(known);
  }

 private:
  std::unordered_map<Topic, std::uint32_t> numbers_;
  std::vector<TopicScoreParams> params_;  // by number
  std::vector<std::uint32_t> free_;
};

}  // namespace warren::pubsub
