#include "warren/protocols/kad/wire/validator.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"

namespace warren::kad {
namespace {

// "<namespace>" of "/<namespace>/<rest>", and where the rest begins; an empty name when there is none.
struct Split {
  std::string_view name;
  std::size_t rest = 0;
};

Split split(BytesView key) {
  const std::string_view text = as_text(key);
  if (!text.starts_with('/')) return {};
  const std::size_t end = text.find('/', 1);
  if (end == std::string_view::npos) return {};
  return {text.substr(1, end - 1), end + 1};
}

}  // namespace

void Validators::add(std::unique_ptr<Validator> validator) {
  WARREN_ASSERT(validator != nullptr && !validator->name_space().empty());
  WARREN_ASSERT(std::ranges::none_of(
      validators_, [&](const auto& other) { return other->name_space() == validator->name_space(); }));
  validators_.push_back(std::move(validator));
}

const Validator* Validators::find(BytesView key) const {
  const std::string_view name = split(key).name;
  for (const auto& validator : validators_) {
    if (validator->name_space() == name) return validator.get();
  }
  return nullptr;
}

Bytes record_key(std::string_view name_space, BytesView rest) {
  Bytes key;
  key.reserve(name_space.size() + rest.size() + 2);
  key.push_back('/');
  append(key, as_bytes(name_space));
  key.push_back('/');
  append(key, rest);
  return key;
}

BytesView record_key_rest(BytesView key) {
  const Split parts = split(key);
  WARREN_ASSERT(!parts.name.empty());
  return key.subspan(parts.rest);
}

}  // namespace warren::kad
