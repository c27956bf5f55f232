#include "warren/multiformats/multiaddr.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/base/reader.hpp"
#include "warren/base/varint.hpp"
#include "warren/multiformats/multiaddr_protocols.hpp"

namespace warren {
namespace {

void append_component(Bytes& to, const ProtocolSpec& spec, BytesView value) {
  append_varint(to, static_cast<std::uint64_t>(spec.code));
  if (spec.size == ProtocolSpec::kSizePrefixed) append_varint(to, value.size());
  append(to, value);
}

// One component where it lies inside an address.
struct Slice {
  const ProtocolSpec* spec;  // null: unknown, or the input ended
  BytesView value;
};

Slice read_component(Reader& reader) {
  const ProtocolSpec* spec = find_protocol(reader.varint());
  if (!reader.ok() || spec == nullptr) return {};
  const BytesView value = spec->size == ProtocolSpec::kSizePrefixed
                              ? reader.delimited(kMultiaddrSizeMax)
                              : reader.bytes(static_cast<std::size_t>(spec->size));
  return {spec, value};
}

// What both forms of input have to obey, component by component.
class Limits {
 public:
  bool admit(const ProtocolSpec& spec) {
    if (path_seen_ || ++components_ > kMultiaddrComponentsMax) return false;
    path_seen_ = spec.path;  // in text nothing could follow it, so in binary nothing may
    if (spec.code == Protocol::kP2pCircuit) ++circuits_;
    return circuits_ <= kMultiaddrCircuitsMax;
  }

 private:
  std::size_t components_ = 0;
  std::size_t circuits_ = 0;
  bool path_seen_ = false;
};

// Splits off what stands before the next slash.
std::string_view next_segment(std::string_view& rest) {
  const std::string_view segment = rest.substr(0, rest.find('/'));
  rest.remove_prefix(std::min(segment.size() + 1, rest.size()));
  return segment;
}

Multiaddr build(auto begin, auto end) {
  Multiaddr address;
  for (; begin != end; ++begin) address = address.with(begin->code, begin->value);
  return address;
}

}  // namespace

std::string_view Component::name() const {
  return spec_of(code).name;
}

std::string Component::value_text() const {
  const ProtocolSpec& spec = spec_of(code);
  return spec.print == nullptr ? std::string() : spec.print(value);
}

std::uint16_t Component::port() const {
  WARREN_ASSERT(value.size() == 2);
  return static_cast<std::uint16_t>(value[0] << 8 | value[1]);
}

Result<Multiaddr> Multiaddr::parse(std::string_view text) {
  // A text is at most three times its binary form and some names: http-path escapes each byte.
  if (text.size() > 4 * kMultiaddrSizeMax || !text.starts_with('/')) return fail(Errc::kBadAddress);
  Bytes bytes;
  Limits limits;
  text.remove_prefix(1);
  do {
    const ProtocolSpec* spec = find_protocol(next_segment(text));
    if (spec == nullptr || !limits.admit(*spec)) return fail(Errc::kBadAddress);
    Bytes value;
    if (spec->parse != nullptr) {
      auto parsed = spec->parse(spec->path ? std::exchange(text, {}) : next_segment(text));
      if (!parsed) return fail(Errc::kBadAddress);
      value = std::move(*parsed);
    }
    append_component(bytes, *spec, value);
    if (bytes.size() > kMultiaddrSizeMax) return fail(Errc::kBadAddress);
  } while (!text.empty());
  return Multiaddr(std::move(bytes));
}

Result<Multiaddr> Multiaddr::from_bytes(BytesView bytes) {
  if (bytes.empty() || bytes.size() > kMultiaddrSizeMax) return fail(Errc::kBadAddress);
  Reader reader(bytes);
  Limits limits;
  while (reader.remaining() > 0) {
    const Slice slice = read_component(reader);
    if (!reader.ok() || slice.spec == nullptr || !limits.admit(*slice.spec)) return fail(Errc::kBadAddress);
    if (!valid_value(*slice.spec, slice.value)) return fail(Errc::kBadAddress);
  }
  if (!reader.ok()) return fail(Errc::kBadAddress);
  return Multiaddr(to_bytes(bytes));
}

Multiaddr Multiaddr::of(std::initializer_list<Component> components) {
  return build(components.begin(), components.end());
}

std::string Multiaddr::to_string() const {
  std::string text;
  for (Reader reader(bytes_); reader.remaining() > 0;) {
    const Slice slice = read_component(reader);
    text += '/';
    text += slice.spec->name;
    if (slice.spec->print != nullptr) text += '/' + slice.spec->print(slice.value);
  }
  return text;
}

std::vector<Component> Multiaddr::components() const {
  std::vector<Component> components;
  for (Reader reader(bytes_); reader.remaining() > 0;) {
    const Slice slice = read_component(reader);
    components.push_back({slice.spec->code, to_bytes(slice.value)});
  }
  return components;
}

bool Multiaddr::has(Protocol code) const {
  return value_of(code).has_value();
}

std::optional<Bytes> Multiaddr::value_of(Protocol code) const {
  for (Reader reader(bytes_); reader.remaining() > 0;) {
    const Slice slice = read_component(reader);
    if (slice.spec->code == code) return to_bytes(slice.value);
  }
  return std::nullopt;
}

std::optional<Bytes> Multiaddr::peer_id() const {
  std::optional<Bytes> peer;
  for (Reader reader(bytes_); reader.remaining() > 0;) {
    const Slice slice = read_component(reader);
    if (slice.spec->code == Protocol::kP2pCircuit) peer.reset();
    if (slice.spec->code == Protocol::kP2p) peer = to_bytes(slice.value);
  }
  return peer;
}

Multiaddr Multiaddr::encapsulate(const Multiaddr& inner) const {
  Bytes bytes = bytes_;
  append(bytes, inner.bytes_);
  return Multiaddr(std::move(bytes));
}

Multiaddr Multiaddr::with(Protocol code, BytesView value) const {
  const ProtocolSpec& spec = spec_of(code);
  WARREN_ASSERT(valid_value(spec, value));
  Bytes bytes = bytes_;
  append_component(bytes, spec, value);
  return Multiaddr(std::move(bytes));
}

Multiaddr Multiaddr::with_port(Protocol code, std::uint16_t port) const {
  const Bytes value = {static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port)};
  return with(code, value);
}

Multiaddr Multiaddr::decapsulate(const Multiaddr& inner) const {
  const auto all = components();
  const auto part = inner.components();
  const auto found = part.empty() ? all.end() : std::ranges::find_end(all, part).begin();
  return build(all.begin(), found);
}

Multiaddr Multiaddr::before_last(Protocol code) const {
  const auto all = components();
  const auto found = std::ranges::find(all.rbegin(), all.rend(), code, &Component::code);
  return found == all.rend() ? *this : build(all.begin(), std::prev(found.base()));
}

Multiaddr Multiaddr::after_last(Protocol code) const {
  const auto all = components();
  const auto found = std::ranges::find(all.rbegin(), all.rend(), code, &Component::code);
  return found == all.rend() ? Multiaddr() : build(found.base(), all.end());
}

Multiaddr Multiaddr::decapsulate_last() const {
  const auto all = components();
  return all.empty() ? *this : build(all.begin(), std::prev(all.end()));
}

}  // namespace warren
