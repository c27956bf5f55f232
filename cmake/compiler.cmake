# Flags that every target shares; the precompiled header asks for the same ones everywhere.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # The precompiled header is one file; ccache may trust its contents rather than its time stamp.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# -fPIC for all, so that programs and libraries can share one precompiled header.
add_compile_options(-Wall -Wextra -Wpedantic -Wno-missing-field-initializers -fno-omit-frame-pointer
                    -fPIC)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # A unity build includes .cpp files, and so what is in their anonymous namespaces looks as if it came from a header.
  add_compile_options(-Wno-subobject-linkage)
  # gcc 12 warns of its own std::vector and std::expected at -O2 (GCC bugs 105651, 105593, 109569).
  add_compile_options(-fpch-preprocess -Wno-restrict -Wno-maybe-uninitialized -Wno-array-bounds
                      -Wno-stringop-overflow -Wno-stringop-overread -Wno-dangling-pointer)
endif()
# Asio: no io_uring, no deprecated interfaces; std::aligned_alloc and Boost's own threads are not needed.
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ALL_NO_LIB)

if(WARREN_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # It warns that fences mean nothing to it: Asio has some, each beside a mutex or an atomic that it does see. And
    # at -O1 it inlines one half only of Asio's pair of operators new and delete, and finds that they do not match.
    add_compile_options(-Wno-tsan -Wno-mismatched-new-delete)
  endif()
elseif(WARREN_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()
if(WARREN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
