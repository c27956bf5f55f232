// The ordinary main of a fuzz target, for compilers without libFuzzer: runs the target on every file given
// (of a folder, all files in it), and on some hundred mutations of each. Both are the same in every run. When
// the target crashes, the input that did it is shown in hex, to become a file of the corpus.
//
//   fuzz_NAME FILE|FOLDER...

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "warren/base/bytes.hpp"
#include "warren/sim/random.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// Of the sanitizers' runtime, when it is linked: they end the process without SIGABRT.
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace {

using warren::Bytes;
using warren::BytesView;
namespace fs = std::filesystem;

constexpr std::size_t kMutationsPerSeed = 200;
// So that a big corpus costs no more than a few seconds.
constexpr std::size_t kMutationsMax = 3000;

struct Seed {
  std::string name;
  Bytes bytes;
};

// What is running, for the message of a crash.
struct Current {
  std::string name;
  std::size_t mutation = 0;  // 0: the seed itself
  BytesView bytes;
};
Current current;

void show_current() {
  std::fprintf(stderr, "the target failed on %s, mutation %zu:\n%s\n", current.name.c_str(), current.mutation,
               warren::to_hex(current.bytes).c_str());
}

extern "C" void show_current_and_die(int signal) {
  show_current();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run(const Seed& seed, std::size_t mutation, const Bytes& bytes) {
  // On the heap and exactly so long: a read behind the end is found.
  const Bytes exact(bytes.begin(), bytes.end());
  current = {seed.name, mutation, exact};
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

// One small change. Values at the ends of ranges are drawn more often: they are where decoders err.
void change(Bytes& bytes, BytesView other, warren::Random& random) {
  constexpr std::array<std::uint8_t, 8> kEdges = {0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x20, 0x2f};
  const std::uint64_t kind = random.below(bytes.empty() ? 2 : 8);
  const std::size_t at = bytes.empty() ? 0 : random.below(bytes.size());
  const auto position = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  switch (kind) {
    case 0:  // some bytes more
      bytes.insert(position, 1 + random.below(8), kEdges[random.below(kEdges.size())]);
      break;
    case 1: {  // the rest of another seed
      const std::size_t from = other.empty() ? 0 : random.below(other.size());
      bytes.erase(position, bytes.end());
      warren::append(bytes, other.subspan(from));
      break;
    }
    case 2:  // cut off
      bytes.erase(position, bytes.end());
      break;
    case 3: {  // some bytes less
      const std::size_t count = std::min<std::size_t>(1 + random.below(8), bytes.size() - at);
      bytes.erase(position, position + static_cast<std::ptrdiff_t>(count));
      break;
    }
    case 4: {  // something twice
      const std::size_t count = std::min<std::size_t>(1 + random.below(64), bytes.size() - at);
      const Bytes copy(position, position + static_cast<std::ptrdiff_t>(count));
      bytes.insert(position, copy.begin(), copy.end());
      break;
    }
    case 5: *position = kEdges[random.below(kEdges.size())]; break;
    case 6: *position = static_cast<std::uint8_t>(*position + (random.below(2) == 0 ? 1 : -1)); break;
    default: *position ^= static_cast<std::uint8_t>(1u << random.below(8));
  }
}

std::size_t mutate(const std::vector<Seed>& seeds) {
  const std::size_t each =
      std::max<std::size_t>(std::min(kMutationsPerSeed, kMutationsMax / seeds.size()), 1);
  for (const Seed& seed : seeds) {
    warren::sim::SeededRandom random(std::hash<std::string>{}(seed.name));
    for (std::size_t mutation = 1; mutation <= each; ++mutation) {
      Bytes bytes = seed.bytes;
      const Bytes& other = seeds[random.below(seeds.size())].bytes;
      for (std::uint64_t changes = 1 + random.below(4); changes > 0; --changes) change(bytes, other, random);
      run(seed, mutation, bytes);
    }
  }
  return each * seeds.size();
}

Bytes read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

int main(int count, char** arguments) {
  std::set<fs::path> paths;
  for (int i = 1; i < count; ++i) {
    const fs::path path = arguments[i];
    if (fs::is_directory(path)) {
      for (const auto& entry : fs::directory_iterator(path)) paths.insert(entry.path());
    } else {
      paths.insert(path);
    }
  }
  std::vector<Seed> seeds;
  for (const fs::path& path : paths) {
    if (!fs::is_regular_file(path)) {
      std::fprintf(stderr, "%s is no file\n", path.c_str());
      return 2;
    }
    seeds.push_back({path.filename(), read_file(path)});
  }
  if (seeds.empty()) {
    std::fprintf(stderr, "there is nothing to replay: give files or folders that have some\n");
    return 2;
  }
  seeds.push_back({"the empty input", {}});

  std::signal(SIGABRT, show_current_and_die);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(show_current);
  for (const Seed& seed : seeds) run(seed, 0, seed.bytes);
  const std::size_t mutations = mutate(seeds);
  std::printf("%zu inputs: %zu of the corpus, %zu mutations\n", seeds.size() + mutations, seeds.size(),
              mutations);
  return 0;
}
