#include "warren/protocols/kad/wire/rfc3339.hpp"

namespace warren::kad {
namespace {

// Takes the text apart from the front; once it does not fit, nothing fits any more.
class TextReader {
 public:
  explicit TextReader(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_.empty() || !is_digit(rest_.front())) return give_up();
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }
  void literal(char c) {
    if (!take(c)) give_up();
  }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // One to nine digits after the point, as nanoseconds.
  std::uint32_t fraction() {
    std::size_t count = 0;
    while (count < rest_.size() && is_digit(rest_[count])) ++count;
    if (count == 0 || count > 9) return static_cast<std::uint32_t>(give_up());
    auto value = static_cast<std::uint32_t>(digits(count));
    for (; count < 9; ++count) value *= 10;
    return value;
  }
  bool at_end() const { return ok_ && rest_.empty(); }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  int give_up() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

Result<PreciseTime> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  TextReader reader(text);
  const int year = reader.digits(4);
  reader.literal('-');
  const int month = reader.digits(2);
  reader.literal('-');
  const int day = reader.digits(2);
  reader.literal('T');
  const int hour = reader.digits(2);
  reader.literal(':');
  const int minute = reader.digits(2);
  reader.literal(':');
  const int second = reader.digits(2);
  const std::uint32_t fraction = reader.take('.') ? reader.fraction() : 0;
  int offset = 0;  // minutes
  if (!reader.take('Z')) {
    const int sign = reader.take('-') ? -1 : 1;
    if (sign > 0) reader.literal('+');
    const int offset_hours = reader.digits(2);
    reader.literal(':');
    const int offset_minutes = reader.digits(2);
    if (offset_hours > 23 || offset_minutes > 59) return fail(Errc::kMalformed);
    offset = sign * (offset_hours * 60 + offset_minutes);
  }
  const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  if (!reader.at_end() || !date.ok() || hour > 23 || minute > 59 || second > 59)
    return fail(Errc::kMalformed);
  const WallTime time = sys_days(date) + hours(hour) + minutes(minute - offset) + seconds(second) +
                        milliseconds(fraction / 1'000'000);
  return PreciseTime{.time = time, .nanoseconds = fraction % 1'000'000};
}

}  // namespace warren::kad
