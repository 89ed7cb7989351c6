# Finds LibTorch: CMAKE_PREFIX_PATH / Torch_DIR first, then the torch of the set-up's own folder or of a
# Python on PATH (its wheel is a complete LibTorch), then the system's (Debian's libtorch-dev).
include_guard()

# Sets `out` to the folder of a Python package; empty where that Python has none, or is not there.
function(_kindred_package_of_python python package out)
  execute_process(
    COMMAND ${python} -c "import importlib.util as u,os;s=u.find_spec('${package}');print(os.path.dirname(s.origin) if s and s.origin else '')"
    OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(${out} "${folder}" PARENT_SCOPE)
endfunction()

function(_kindred_torch_of_python python out)
  _kindred_package_of_python(${python} torch folder)
  if(EXISTS "${folder}/share/cmake/Torch/TorchConfig.cmake")
    set(${out} "${folder}" PARENT_SCOPE)
  endif()
endfunction()

set(KINDRED_TORCH "auto" CACHE STRING "auto: as documented; system: only the system's LibTorch")
set(_torch_hint "")
if(KINDRED_TORCH STREQUAL "auto" AND NOT Torch_DIR AND NOT CMAKE_PREFIX_PATH)
  foreach(_python "${PROJECT_SOURCE_DIR}/.venv/bin/python3" python3)
    if(NOT _torch_hint)
      _kindred_torch_of_python(${_python} _torch_hint)
    endif()
  endforeach()
  if(_torch_hint)
    set(Torch_DIR "${_torch_hint}/share/cmake/Torch" CACHE PATH "LibTorch's package folder" FORCE)
  endif()
endif()
# TorchConfig.cmake looks for its libraries in the system's folders first, where another LibTorch may be
# installed; the prefix comes before those.
if(Torch_DIR)
  get_filename_component(_torch_prefix "${Torch_DIR}/../../.." ABSOLUTE)
  list(PREPEND CMAKE_PREFIX_PATH "${_torch_prefix}")
endif()
find_package(Torch REQUIRED)
if(Torch_DIR)
  list(REMOVE_ITEM CMAKE_PREFIX_PATH "${_torch_prefix}")
endif()
message(STATUS "LibTorch ${Torch_VERSION}: ${Torch_DIR}")
# In code that is compiled without OpenMP at::parallel_for does everything in the calling thread. OpenMP::OpenMP_CXX would
# name the compiler's libgomp by its path, but pip's LibTorch brings the one that is loaded: flags alone leave that open.
find_package(OpenMP QUIET COMPONENTS CXX)
if(NOT TARGET kindred::openmp)
  add_library(kindred::openmp INTERFACE IMPORTED)
  if(OpenMP_CXX_FOUND)
    separate_arguments(_openmp_flags UNIX_COMMAND "${OpenMP_CXX_FLAGS}")
    target_compile_options(kindred::openmp INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${_openmp_flags}>")
    target_link_options(kindred::openmp INTERFACE "$<$<LINK_LANGUAGE:CXX>:${_openmp_flags}>")
  else()
    message(STATUS "OpenMP was not found: what at::parallel_for does takes one core")
  endif()
endif()
