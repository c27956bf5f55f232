#include "warren/broadcast/topic.hpp"

#include <doctest/doctest.h>

namespace warren {
namespace {

TEST_CASE("a topic's name is short text without control characters") {
  for (const auto* name : {"a", "news", "/a/b", "a b|c", "天气", "é", "\U0001f407", "\u00a0"}) {
    CAPTURE(name);
    CHECK(is_topic_name(name));
  }
  CHECK(is_topic_name(std::string(128, 'x')));
  CHECK_FALSE(is_topic_name(std::string(129, 'x')));
  CHECK_FALSE(is_topic_name(""));
  for (const std::string_view name : {"a\nb", "\x7f", "\x1f", "a\tb", "\xc2\x80", "\xc2\x9f"}) {
    CAPTURE(name);
    CHECK_FALSE(is_topic_name(name));
  }
  CHECK_FALSE(is_topic_name(std::string_view("a\0b", 3)));
}

TEST_CASE("a topic's name is UTF-8 and nothing else") {
  for (const std::string_view name :
       {"\x80", "\xff", "a\xc3", "\xc3(", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xe4\xb8", "\xed\xa0\x80",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80"}) {
    CAPTURE(to_hex(as_bytes(name)));
    CHECK_FALSE(is_topic_name(name));
  }
  CHECK(is_topic_name("\xf4\x8f\xbf\xbf"));
  CHECK(is_topic_name("\xed\x9f\xbf"));
}

TEST_CASE("topics of the two kinds have different names on the wire") {
  CHECK(wire_topic(TopicKind::kPlain, "main", "news") == "news");
  CHECK(wire_topic(TopicKind::kWarren, "main", "news") == "/warren/main/topic/news");
  CHECK(is_topic_name(TopicKind::kWarren, "/warren/main/topic/news"));
  CHECK_FALSE(is_topic_name(TopicKind::kPlain, "/warren/main/topic/news"));
  CHECK(is_topic_name(TopicKind::kPlain, "/warrens"));
}

}  // namespace
}  // namespace warren
