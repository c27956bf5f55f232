# Programs that the runners of test/interop, test/cli, test/demo and test/net start: <build>/bin/NAME, beside `warren`.
find_package(nlohmann_json REQUIRED)

# warren_test_program(NAME source...)    linked with the whole library
function(warren_test_program name)
  add_executable(${name} ${ARGN})
  target_precompile_headers(${name} REUSE_FROM warren_pch)
  target_link_libraries(${name} PRIVATE warren_node warren_sim nlohmann_json::nlohmann_json)
endfunction()

warren_test_program(warren_peer interop/warren_peer.cpp interop/commands.cpp interop/listen_options.cpp interop/peer_options.cpp interop/echo.cpp interop/endings.cpp interop/line_reader.cpp)
warren_test_program(warren_kad_peer interop/kad_peer.cpp interop/commands.cpp interop/listen_options.cpp interop/line_reader.cpp)
warren_test_program(warren_nat_peer interop/nat_peer.cpp interop/commands.cpp interop/listen_options.cpp interop/echo.cpp interop/line_reader.cpp)
warren_test_program(warren_pubsub_peer interop/pubsub_peer.cpp interop/commands.cpp interop/listen_options.cpp interop/line_reader.cpp)
warren_test_program(sm2_vectors interop/sm2_vectors.cpp)
if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/demo/tamper.cpp)
  warren_test_program(warren_tamper demo/tamper.cpp)
endif()
warren_test_program(warren_attacker attacks/attacker.cpp attacks/floods.cpp attacks/handshakes.cpp attacks/raw_peer.cpp)
warren_test_program(warren_quic_attacker attacks/quic_attacker.cpp)
warren_test_program(warren_relay_attacker attacks/relay_attacker.cpp)

# The link between network namespaces of test/net needs the simulator's models and nothing else of the library.
add_library(warren_gateway STATIC net/flow_count.cpp net/gateway.cpp net/nat_settings.cpp net/packet.cpp net/quantities.cpp)
target_link_libraries(warren_gateway PUBLIC warren_sim nlohmann_json::nlohmann_json)
add_executable(warren_link net/link.cpp net/line.cpp net/tun.cpp net/wire.cpp)
target_link_libraries(warren_link PRIVATE warren_gateway)

# A DHT of thousands of nodes in virtual time (`./dev sim dht`).
find_package(CLI11 REQUIRED)
file(GLOB dht_sim_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/sim/dht/*.cpp)
add_executable(dht_sim ${dht_sim_sources})
target_precompile_headers(dht_sim REUSE_FROM warren_pch)
target_link_libraries(dht_sim PRIVATE warren_kad warren_sim CLI11::CLI11 nlohmann_json::nlohmann_json)

# Days of a node that is reached through failing relays only, in virtual time (`./dev sim relay`).
file(GLOB relay_sim_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/sim/relay/*.cpp)
if(relay_sim_sources)
  add_executable(relay_sim ${relay_sim_sources})
  target_precompile_headers(relay_sim REUSE_FROM warren_pch)
  target_link_libraries(relay_sim PRIVATE warren_relay warren_swarm warren_transport warren_security warren_muxer
                                          warren_sim CLI11::CLI11)
endif()

# Broadcast among thousands of nodes: the gossipsub router, in virtual time (`./dev sim gossip`). Its parts are a library,
# for their tests (sim/CMakeLists.txt).
find_package(fmt REQUIRED)
file(GLOB gossip_sim_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/sim/gossip/*.cpp)
list(FILTER gossip_sim_sources EXCLUDE REGEX "/main\\.cpp$|_test\\.cpp$")
add_library(warren_gossip_sim STATIC ${gossip_sim_sources})
target_precompile_headers(warren_gossip_sim REUSE_FROM warren_pch)
target_link_libraries(warren_gossip_sim PUBLIC warren_pubsub_router warren_sim fmt::fmt CLI11::CLI11)
add_executable(gossip_sim sim/gossip/main.cpp)
target_precompile_headers(gossip_sim REUSE_FROM warren_pch)
target_link_libraries(gossip_sim PRIVATE warren_gossip_sim)

# Pairs of nodes behind routers of all kinds, in virtual time (`./dev sim punch`).
file(GLOB punch_sim_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/sim/punch/*.cpp)
if(punch_sim_sources)
  add_executable(punch_sim ${punch_sim_sources})
  target_precompile_headers(punch_sim REUSE_FROM warren_pch)
  target_link_libraries(punch_sim PRIVATE warren_node warren_sim CLI11::CLI11)
endif()
