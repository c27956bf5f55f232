# What `cmake --install` installs besides the `warren` program (app/): the library as one archive, its headers, and
# the package that find_package(Warren) reads. The modules stay apart in the build and are no one's business outside.
#
# Not for a build with sanitizers: its archive would force them on whoever links it.
if(WARREN_SANITIZE)
  return()
endif()
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

# One archive of all modules, which is found as Warren::warren. What they link besides each other, it links.
set(objects "")
set(libraries "")
foreach(module ${WARREN_MODULES})
  list(APPEND objects $<TARGET_OBJECTS:${module}>)
  get_target_property(linked ${module} INTERFACE_LINK_LIBRARIES)
  list(APPEND libraries ${linked})
endforeach()
list(FILTER libraries EXCLUDE REGEX "^warren_")
list(REMOVE_DUPLICATES libraries)

add_library(warren_library STATIC ${objects})
add_library(Warren::warren ALIAS warren_library)
set_target_properties(warren_library PROPERTIES OUTPUT_NAME warren EXPORT_NAME warren LINKER_LANGUAGE CXX)
target_compile_features(warren_library INTERFACE cxx_std_23)
# The library's headers are to mean in every program what they mean here.
target_compile_definitions(warren_library INTERFACE BOOST_ASIO_NO_DEPRECATED)
target_include_directories(warren_library INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>
                                                    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(warren_library INTERFACE ${libraries})

install(TARGETS warren_library EXPORT Warren ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
# The simulation is public, tests over it are a feature; what only our own tests include is not.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/warren DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.hpp"
        PATTERN "*_contract.hpp" EXCLUDE
        PATTERN "test_*.hpp" EXCLUDE
        PATTERN "testing.hpp" EXCLUDE
        PATTERN "temporary_folder.hpp" EXCLUDE)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Warren)
install(EXPORT Warren NAMESPACE Warren:: FILE WarrenTargets.cmake DESTINATION ${package_dir})
set(WARREN_NEEDS_PROTOBUF OFF)
if(protobuf::libprotobuf IN_LIST libraries)
  set(WARREN_NEEDS_PROTOBUF ON)
endif()
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/WarrenConfig.cmake.in
                              ${CMAKE_BINARY_DIR}/package/WarrenConfig.cmake INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may change anything.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/package/WarrenConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/package/WarrenConfig.cmake ${CMAKE_BINARY_DIR}/package/WarrenConfigVersion.cmake
        DESTINATION ${package_dir})
