# Programs that the runners of test/interop, test/cli and test/demo start. They land in <build>/bin beside `warren`.
find_package(nlohmann_json REQUIRED)

# warren_test_program(NAME source...)    linked with the whole library
function(warren_test_program name)
  add_executable(${name} ${ARGN})
  target_precompile_headers(${name} REUSE_FROM warren_pch)
  target_link_libraries(${name} PRIVATE warren_node warren_sim nlohmann_json::nlohmann_json)
endfunction()

warren_test_program(warren_peer interop/warren_peer.cpp interop/peer_options.cpp interop/echo.cpp interop/line_reader.cpp)
warren_test_program(sm2_vectors interop/sm2_vectors.cpp)
if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/demo/tamper.cpp)
  warren_test_program(warren_tamper demo/tamper.cpp)
endif()
warren_test_program(warren_attacker attacks/attacker.cpp attacks/floods.cpp attacks/handshakes.cpp attacks/raw_peer.cpp)
