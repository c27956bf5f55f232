# warren_module(NAME [DEPENDS module...] [LIBRARIES target...] [PROTO file...] [TEST_DEPENDS module...]
#               [TEST_COST seconds] [TEST_APART file...])
#
# One folder of warren/ is one static library `warren_NAME` and, where it has *_test.cpp files, one test program NAME_test.
# Sources are found by their place: x.cpp belongs to the library, x_test.cpp to the test, subfolders included.
#
# ctest runs unit.NAME; the tests in the files TEST_APART run beside it, as unit.NAME.apart. Of all the tests those with
# the greatest TEST_COST, roughly their seconds, are begun first, so that no core is left idle in the end.

set(WARREN_MODULES "" CACHE INTERNAL "")

# Coroutine libraries are most of a compilation: they are compiled once, here, and never named by a module.
add_library(warren_pch STATIC ${CMAKE_SOURCE_DIR}/cmake/pch.cpp)
target_include_directories(warren_pch PUBLIC ${CMAKE_SOURCE_DIR})
target_link_libraries(warren_pch PUBLIC Boost::headers Threads::Threads)
target_precompile_headers(warren_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.hpp)

if(WARREN_TESTS)
  add_library(warren_test_main OBJECT ${CMAKE_SOURCE_DIR}/cmake/test_main.cpp)
endif()

function(warren_module name)
  cmake_parse_arguments(arg "" "TEST_COST" "DEPENDS;LIBRARIES;PROTO;TEST_DEPENDS;TEST_APART" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  # A subfolder with a CMakeLists.txt is a module of its own.
  file(GLOB_RECURSE own_modules CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*/CMakeLists.txt)
  foreach(own_module ${own_modules})
    cmake_path(GET own_module PARENT_PATH folder)
    list(FILTER sources EXCLUDE REGEX "^${folder}/")
  endforeach()
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")

  if(NOT sources)
    return()
  endif()
  add_library(warren_${name} STATIC ${sources})
  target_include_directories(warren_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(warren_${name} PUBLIC Boost::headers Threads::Threads ${arg_LIBRARIES})
  foreach(dependency ${arg_DEPENDS})
    target_link_libraries(warren_${name} PUBLIC warren_${dependency})
  endforeach()
  target_precompile_headers(warren_${name} REUSE_FROM warren_pch)
  if(arg_PROTO)
    warren_protobuf(warren_${name} ${arg_PROTO})
  endif()
  set(WARREN_MODULES ${WARREN_MODULES} warren_${name} CACHE INTERNAL "")

  if(WARREN_TESTS AND tests)
    add_executable(${name}_test ${tests} $<TARGET_OBJECTS:warren_test_main>)
    target_precompile_headers(${name}_test REUSE_FROM warren_pch)
    target_link_libraries(${name}_test PRIVATE warren_${name})
    foreach(dependency ${arg_TEST_DEPENDS})
      target_link_libraries(${name}_test PRIVATE warren_${dependency})
    endforeach()
    set(runs unit.${name})
    set(not_here "")
    if(arg_TEST_APART)
      list(TRANSFORM arg_TEST_APART PREPEND */)
      list(JOIN arg_TEST_APART , apart)
      add_test(NAME unit.${name}.apart COMMAND ${name}_test --source-file=${apart}
               WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
      list(APPEND runs unit.${name}.apart)
      set(not_here --source-file-exclude=${apart})
    endif()
    add_test(NAME unit.${name} COMMAND ${name}_test ${not_here} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    # The longest, whole nodes under sanitizers, takes a minute: this ends what hangs, not what a busy machine slows down.
    set_tests_properties(${runs} PROPERTIES LABELS unit TIMEOUT 400)
    if(arg_TEST_COST)
      set_tests_properties(${runs} PROPERTIES COST ${arg_TEST_COST})
    endif()
  endif()
endfunction()

# Generated C++ lands in the build tree under the .proto's own path, so that #include "warren/x/x.pb.h" works; it is
# compiled apart from the module, without its warnings.
function(warren_protobuf target)
  foreach(proto ${ARGN})
    cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE folder)
    cmake_path(REMOVE_EXTENSION proto LAST_ONLY OUTPUT_VARIABLE stem)  # keeps a subfolder
    set(base ${CMAKE_BINARY_DIR}/generated/${folder}/${stem})
    add_custom_command(
      OUTPUT ${base}.pb.cc ${base}.pb.h
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/generated
      COMMAND protobuf::protoc --cpp_out=${CMAKE_BINARY_DIR}/generated -I ${CMAKE_SOURCE_DIR} ${folder}/${proto}
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${proto}
      WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    target_sources(${target} PRIVATE ${base}.pb.cc ${base}.pb.h)
    # protoc gives the same names to the static tables of every file: two of them cannot be compiled as one.
    set_source_files_properties(${base}.pb.cc PROPERTIES SKIP_PRECOMPILE_HEADERS ON COMPILE_OPTIONS -w
                                                         SKIP_UNITY_BUILD_INCLUSION ON)
  endforeach()
  target_include_directories(${target} SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/generated)
  target_link_libraries(${target} PUBLIC protobuf::libprotobuf)
endfunction()
