#include "warren/protocols/kad/wire/validator.hpp"

#include <doctest/doctest.h>

namespace warren::kad {
namespace {

class Named final : public Validator {
 public:
  explicit Named(std::string name) : name_(std::move(name)) {}
  std::string_view name_space() const override { return name_; }
  Result<WallTime> validate(BytesView, BytesView, WallTime now) const override { return now; }
  bool supersedes(BytesView, BytesView, BytesView) const override { return false; }

 private:
  std::string name_;
};

TEST_CASE("the validator of a key is that of its namespace") {
  Validators validators;
  CHECK(validators.find(as_bytes("/pk/x")) == nullptr);
  validators.add(std::make_unique<Named>("pk"));
  validators.add(std::make_unique<Named>("warren-node"));
  const auto name_of = [&](std::string_view key) {
    const Validator* found = validators.find(as_bytes(key));
    return found == nullptr ? "none" : found->name_space();
  };
  CHECK(name_of("/pk/x") == "pk");
  CHECK(name_of("/pk/") == "pk");
  CHECK(name_of("/warren-node//a/b") == "warren-node");
  for (const char* key : {"", "/", "//", "//pk/x", "pk/x", "/pk", "/p/k", "/pkx/", "/PK/x", "x/pk/"}) {
    CHECK(name_of(key) == "none");
  }
}

TEST_CASE("a key is a namespace and any bytes") {
  const Bytes rest = {'/', 0, 0xff};
  const Bytes key = record_key("pk", rest);
  CHECK(to_hex(key) == "2f706b2f2f00ff");
  CHECK(equal(record_key_rest(key), rest));
  CHECK(record_key_rest(as_bytes("/pk/")).empty());
}

}  // namespace
}  // namespace warren::kad
