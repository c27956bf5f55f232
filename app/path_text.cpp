#include "app/path_text.hpp"

#include "app/text.hpp"

namespace warren::app {

JsonObject budget_json(const control::v1::Budget& budget) {
  JsonObject object;
  if (budget.bytes_max() == 0) {
    object.null("bytes_max");
  } else {
    object.number("bytes_max", static_cast<std::int64_t>(budget.bytes_max()));
  }
  object.number("sent", static_cast<std::int64_t>(budget.sent()))
      .number("received", static_cast<std::int64_t>(budget.received()));
  return budget.has_ends_in_ms() ? object.number("ends_in_ms", budget.ends_in_ms())
                                 : object.null("ends_in_ms");
}

std::string budget_text(const control::v1::Budget& budget) {
  std::string text;
  if (budget.bytes_max() > 0) {
    text = fmt::format("may carry {} each way ({} sent, {} received)", size_text(budget.bytes_max()),
                       size_text(budget.sent()), size_text(budget.received()));
  }
  if (!budget.has_ends_in_ms()) return text;
  return text + (text.empty() ? "" : ", ") + "ends in " + duration_text(budget.ends_in_ms());
}

}  // namespace warren::app
