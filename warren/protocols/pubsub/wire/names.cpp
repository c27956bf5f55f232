#include "warren/protocols/pubsub/wire/names.hpp"

namespace warren::pubsub {

std::string_view protocol_of(Version version) {
  switch (version) {
    case Version::kFloodsub: return kFloodsub;
    case Version::kV10: return kMeshsub10;
    case Version::kV11: return kMeshsub11;
    case Version::kV12: return kMeshsub12;
    case Version::kV13: return kMeshsub13;
  }
  return {};
}

}  // namespace warren::pubsub
