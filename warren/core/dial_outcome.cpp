#include "warren/core/dial_outcome.hpp"

namespace warren {

std::string_view to_string(PathMeans means) {
  switch (means) {
    case PathMeans::kDial: return "dial";
    case PathMeans::kPunch: return "punch";
    case PathMeans::kPredict: return "predict";
    case PathMeans::kSpray: return "spray";
  }
  return "dial";
}

}  // namespace warren
