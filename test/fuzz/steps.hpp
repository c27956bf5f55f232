// For fuzz targets whose input is a list of steps.
#pragma once

#include "warren/base/reader.hpp"

namespace warren::fuzz {

// A new Test takes step(Reader&) after step until the input is used up, with check() after each, and then
// finish(). Longer inputs are skipped. What LLVMFuzzerTestOneInput returns.
template <class Test>
int run_steps(BytesView input, std::size_t input_max) {
  if (input.size() > input_max) return 0;
  Test test;
  Reader reader(input);
  while (reader.remaining() > 0) {
    test.step(reader);
    test.check();
  }
  test.finish();
  return 0;
}

}  // namespace warren::fuzz
