# What `cmake --install` and `cpack` put where. Everything is found relative to itself, so the folder may be moved:
#   bin/host                     the program
#   bin/kindred                  a link to it
#   bin/kindred-check            the conformance checks of plugins
#   lib/kindred/                 the part of the program that needs LibTorch
#   lib/kindred/                 libkindred_postgres.so, where libpq was found
#   lib/kindred/plugins/         the plugins that come with it
#   lib/libkindred_inference.so  models in other programs
#   lib/libkindred_search.so     indexes in other programs
#   share/kindred/templates/     what `host new-plugin` copies        component `runtime`
#   include/kindred/, lib/       headers and the SDK's static library
#   lib/cmake/Kindred/           find_package(Kindred)
#   lib/pkgconfig/               kindred.pc and those of the two libraries  component `development`
include(CMakePackageConfigHelpers)

string(REGEX MATCH "^[0-9]+[.][0-9]+" KINDRED_TORCH_MAJOR_MINOR "${Torch_VERSION}")
string(REPLACE "." "[.]" KINDRED_TORCH_MAJOR_MINOR_PATTERN "${KINDRED_TORCH_MAJOR_MINOR}")
set(_config "${CMAKE_INSTALL_LIBDIR}/cmake/Kindred")

install(TARGETS kindred_base kindred_sdk EXPORT KindredTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/sdk/include/" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(EXPORT KindredTargets NAMESPACE kindred:: DESTINATION ${_config} COMPONENT development)
# A set of its own: a program with a model needs neither the SDK's targets nor LibTorch's package.
install(TARGETS kindred_inference kindred_search EXPORT KindredInferenceTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development)
install(EXPORT KindredInferenceTargets NAMESPACE Kindred:: DESTINATION ${_config} COMPONENT development)
configure_package_config_file("${PROJECT_SOURCE_DIR}/sdk/cmake/KindredConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/install/KindredConfig.cmake" INSTALL_DESTINATION ${_config} PATH_VARS CMAKE_INSTALL_BINDIR)
# Before 1.0 a minor may change C++ interfaces.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/install/KindredConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/install/KindredConfig.cmake" "${PROJECT_BINARY_DIR}/install/KindredConfigVersion.cmake"
  "${PROJECT_SOURCE_DIR}/sdk/cmake/KindredPlugin.cmake" "${PROJECT_SOURCE_DIR}/sdk/cmake/KindredTorch.cmake"
  "${PROJECT_SOURCE_DIR}/sdk/cmake/KindredKinds.cmake" "${PROJECT_SOURCE_DIR}/sdk/cmake/plugin.map" DESTINATION ${_config} COMPONENT development)
file(RELATIVE_PATH KINDRED_PC_TO_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" KINDRED_PC_TO_PREFIX "${KINDRED_PC_TO_PREFIX}")
# LibTorch has no file for pkg-config, so its flags stand in ours; another place of it is a variable on the command line.
# The compiler's own folders (Debian's LibTorch is in them) must not be named: their order would change.
set(_torch_includes ${TORCH_INCLUDE_DIRS})
list(REMOVE_ITEM _torch_includes ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})
list(TRANSFORM _torch_includes PREPEND "-isystem " OUTPUT_VARIABLE KINDRED_TORCH_CFLAGS)
list(APPEND KINDRED_TORCH_CFLAGS ${TORCH_CXX_FLAGS} ${OpenMP_CXX_FLAGS})
list(JOIN KINDRED_TORCH_CFLAGS " " KINDRED_TORCH_CFLAGS)
get_filename_component(KINDRED_TORCH_LIBDIR "${TORCH_LIBRARY}" DIRECTORY)
configure_file("${PROJECT_SOURCE_DIR}/sdk/cmake/kindred.pc.in" "${PROJECT_BINARY_DIR}/install/kindred.pc" @ONLY)
foreach(_library inference search)
  configure_file("${PROJECT_SOURCE_DIR}/sdk/cmake/kindred-${_library}.pc.in" "${PROJECT_BINARY_DIR}/install/kindred-${_library}.pc" @ONLY)
endforeach()
install(FILES "${PROJECT_BINARY_DIR}/install/kindred.pc" "${PROJECT_BINARY_DIR}/install/kindred-inference.pc"
  "${PROJECT_BINARY_DIR}/install/kindred-search.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

install(TARGETS host kindred_check RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
install(CODE "file(CREATE_LINK host \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/kindred\" SYMBOLIC)"
  COMPONENT runtime)
get_property(_plugins GLOBAL PROPERTY KINDRED_PLUGIN_TARGETS)
if(TARGET kindred_postgres)
  install(TARGETS kindred_postgres LIBRARY DESTINATION lib/kindred COMPONENT runtime)
endif()
install(TARGETS kindred_engine kindred_tools LIBRARY DESTINATION lib/kindred COMPONENT runtime)
if(TARGET kindred_parquet)
  install(TARGETS kindred_parquet LIBRARY DESTINATION lib/kindred COMPONENT runtime)
endif()
install(TARGETS ${_plugins} LIBRARY DESTINATION lib/kindred/plugins COMPONENT runtime)
# All of it and no test, for whoever builds in order to install, as python/CMakeLists.txt does.
add_custom_target(installed)
add_dependencies(installed kindred_base kindred_sdk kindred_inference kindred_search host kindred_check kindred_engine kindred_tools ${_plugins})
foreach(_optional kindred_postgres kindred_parquet)
  if(TARGET ${_optional})
    add_dependencies(installed ${_optional})
  endif()
endforeach()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/sdk/templates" DESTINATION ${CMAKE_INSTALL_DATADIR}/kindred COMPONENT runtime)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/kindred COMPONENT runtime)

# Debian packages. They depend on Debian's LibTorch, so they are made from a build with it (preset debian-torch).
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME kindred)
set(CPACK_PACKAGE_CONTACT "The Kindred authors <kindred@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /opt/kindred)  # /usr/bin/host is the DNS tool of bind9-host
set(CPACK_COMPONENTS_ALL runtime development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME kindred)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION science)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS libopenblas0-pthread)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME kindred-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "kindred (= ${PROJECT_VERSION}), libtorch-dev, nlohmann-json3-dev, g++, cmake, make | ninja-build")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "Headers, CMake package and static library to build plugins with")
include(CPack)
