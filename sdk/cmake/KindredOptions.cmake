include_guard()

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
# Several small files are compiled as one (docs/design/rooms.md); -DCMAKE_UNITY_BUILD=OFF compiles each by itself. A file costs
# three seconds before its first line is compiled, since g++ then makes all templates that the precompiled headers ask for.
if(DEFINED CMAKE_UNITY_BUILD)
  set(KINDRED_UNITY ${CMAKE_UNITY_BUILD})
else()
  set(KINDRED_UNITY ON)
endif()
# Whoever compiles everything once, as a machine that tests does, takes larger units; then a touched file costs more.
set(KINDRED_UNIT_SIZE "" CACHE STRING "How many files are compiled as one, at most; empty: 16, and 12 in plugins")
set(CMAKE_UNITY_BUILD_BATCH_SIZE 16)
if(KINDRED_UNIT_SIZE)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE ${KINDRED_UNIT_SIZE})
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

# Options for our own code; never exported with the SDK. Nearly all of it reads, checks, and asks LibTorch to compute: there -O3
# takes half as long again to compile as -O1 and gains nothing that could be measured. g++ looks for memory that it no longer
# needs as soon as it has a few hundred megabytes, which a precompiled header alone has, and that takes a tenth of its time.
# A target with the property KINDRED_OPTIMIZATION has that in place of -O1. Whoever asks for another degree of optimisation than
# CMake does gets it everywhere.
string(REGEX MATCH "-O3" _is_usual "${CMAKE_CXX_FLAGS_RELEASE}")
add_library(kindred_options INTERFACE)
target_compile_options(kindred_options INTERFACE -Wall -Wextra -Wpedantic -Wconversion
  $<$<BOOL:${KINDRED_WERROR}>:-Werror>
  $<$<AND:$<CONFIG:Release>,$<BOOL:${_is_usual}>>:$<IF:$<BOOL:$<TARGET_PROPERTY:KINDRED_OPTIMIZATION>>,$<TARGET_PROPERTY:KINDRED_OPTIMIZATION>,-O1>>
  $<$<CXX_COMPILER_ID:GNU>:--param=ggc-min-heapsize=1000000>)

# kindred_loops(<target> <file>...): files of a target whose loops over numbers take time that a user waits for. They are
# compiled with -O3, and without the target's precompiled header, from which g++ would take its degree of optimisation. They
# should include <ATen/core/Tensor.h> and take methods of tensors where they can: functions of at:: cost six seconds. Where
# CMAKE_CXX_FLAGS_RELEASE asks for another degree they are files like others.
function(kindred_loops target)
  if(NOT _is_usual)
    target_sources(${target} PRIVATE ${ARGN})
    return()
  endif()
  set(loops ${target}_loops)
  add_library(${loops} OBJECT ${ARGN})
  target_include_directories(${loops} PRIVATE $<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>)
  target_link_libraries(${loops} PRIVATE $<TARGET_PROPERTY:${target},LINK_LIBRARIES> kindred_options)
  set_target_properties(${loops} PROPERTIES KINDRED_OPTIMIZATION -O3 CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    UNITY_BUILD ${KINDRED_UNITY})
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:${loops}>)
endfunction()

if(KINDRED_SANITIZE)
  add_compile_options(-fsanitize=${KINDRED_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${KINDRED_SANITIZE})
endif()
