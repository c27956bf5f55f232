#include "app/near_names.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace warren::app {
namespace {

constexpr std::size_t kShownMax = 3;

// Letters to insert, leave out or change to get from one to the other (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> near_names(std::string_view name, const std::vector<std::string>& known) {
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const std::string& candidate : known) {
    const std::size_t steps = distance(name, candidate);
    const bool part = name.size() >= 4 && candidate.contains(name);
    if (part || steps <= std::max<std::size_t>(1, name.size() / 4)) near.emplace_back(steps, candidate);
  }
  std::ranges::sort(near);
  if (near.size() > kShownMax) near.resize(kShownMax);
  std::vector<std::string> names;
  for (auto& [_, candidate] : near) names.push_back(std::move(candidate));
  return names;
}

}  // namespace warren::app
