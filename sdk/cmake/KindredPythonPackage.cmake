# kindred_python_package(<package> <variable>)
#   Sets <variable> to the folder of a Python package, asked of the set-up's own .venv and of the python3 on PATH; empty where
#   neither has it. What is built with the system's LibTorch depends on the system's packages alone, and finds none.
include_guard()
include(KindredTorch)  # _kindred_package_of_python

function(kindred_python_package package variable)
  set(${variable} "" PARENT_SCOPE)
  if(KINDRED_TORCH STREQUAL "system")
    return()
  endif()
  foreach(python "${PROJECT_SOURCE_DIR}/.venv/bin/python3" python3)
    _kindred_package_of_python(${python} ${package} folder)
    if(folder)
      set(${variable} "${folder}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()
