#include "warren/node/qlog_folder.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "warren/sim/world.hpp"

namespace warren {
namespace {

struct FolderTest {
  FolderTest() {
    std::string name = (std::filesystem::temp_directory_path() / "warren-qlog-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
  }
  ~FolderTest() { std::filesystem::remove_all(folder); }

  std::string content(std::string_view name) const {
    std::ifstream file(folder / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::filesystem::path folder;
  sim::World world{1};
  sim::Machine& machine = world.add_machine("alice");
};

TEST_CASE_FIXTURE(FolderTest, "pieces go to their files, in order, and are all there when it is closed") {
  QlogFolder qlog(machine.env(), folder / "new");
  qlog.start();
  const auto one = qlog.open("one");
  const auto other = qlog.open("other");
  for (int i = 0; i < 3; ++i) {
    one(as_bytes("1" + std::to_string(i) + "\n"));
    other(as_bytes("2" + std::to_string(i) + "\n"));
    if (i == 0) world.loop().advance(1s);
  }
  world.run(qlog.close());
  CHECK(content("new/one.sqlog") == "10\n11\n12\n");
  CHECK(content("new/other.sqlog") == "20\n21\n22\n");
  CHECK(qlog.dropped() == 0);
  one(as_bytes("late"));
  CHECK(qlog.dropped() == 4);
  world.run(qlog.close());
}

TEST_CASE_FIXTURE(FolderTest, "what the disk does not take is dropped, and counted") {
  QlogFolder qlog(machine.env(), folder);
  qlog.start();
  const auto pieces = qlog.open("pieces");
  const Bytes large(QlogFolder::kWaitingMax - 10);
  pieces(large);
  pieces(large);
  pieces(as_bytes("small"));
  world.run(qlog.close());
  CHECK(qlog.dropped() == large.size());
  CHECK(content("pieces.sqlog").size() == large.size() + 5);
}

TEST_CASE_FIXTURE(FolderTest, "a folder that can't be made is an error") {
  std::ofstream(folder / "file") << "x";
  QlogFolder qlog(machine.env(), folder / "file" / "folder");
  CHECK_THROWS_AS(qlog.start(), std::system_error);
}

}  // namespace
}  // namespace warren
