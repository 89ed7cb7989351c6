include_guard()

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
# Several small files are compiled as one (docs/design/rooms.md); -DCMAKE_UNITY_BUILD=OFF compiles each by itself.
if(DEFINED CMAKE_UNITY_BUILD)
  set(KINDRED_UNITY ${CMAKE_UNITY_BUILD})
else()
  set(KINDRED_UNITY ON)
endif()
# Everything that is run lands where an installation would have it relative to each other.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(KINDRED_ENGINE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib/kindred")
set(KINDRED_PLUGIN_OUTPUT_DIRECTORY "${KINDRED_ENGINE_OUTPUT_DIRECTORY}/plugins")

# An installed host finds the LibTorch that it was linked with where that was then, if it is not the system's. (With
# CMAKE_INSTALL_RPATH_USE_LINK_PATH, CMake leaves out a LibTorch in .venv, since that lies in the source folder.)
get_filename_component(_torch_libraries "${TORCH_LIBRARY}" DIRECTORY)
if(NOT _torch_libraries MATCHES "^/usr/lib")
  set(CMAKE_INSTALL_RPATH "${_torch_libraries}")
endif()

find_program(KINDRED_CCACHE ccache)
if(KINDRED_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${KINDRED_CCACHE}")
endif()

# Warnings for our own code; never exported with the SDK.
add_library(kindred_options INTERFACE)
target_compile_options(kindred_options INTERFACE -Wall -Wextra -Wpedantic -Wconversion
  $<$<BOOL:${KINDRED_WERROR}>:-Werror>)

# kindred_compile_quickly(<target>...): for code that reads, checks and prints, where -O3 costs a third of the time that a
# file takes to compile and gains nothing that anybody could measure.
function(kindred_compile_quickly)
  foreach(target IN LISTS ARGN)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  endforeach()
endfunction()

if(KINDRED_SANITIZE)
  add_compile_options(-fsanitize=${KINDRED_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${KINDRED_SANITIZE})
endif()
