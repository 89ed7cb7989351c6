# What was built names the folder of the Python packages that it was linked with (torch, and openvino and pyarrow where they are
# used). Here every file of the wheel gets that folder relative to itself.
file(GLOB_RECURSE files "${CMAKE_INSTALL_PREFIX}/kindred/bin/*" "${CMAKE_INSTALL_PREFIX}/kindred/lib/*")
foreach(file IN LISTS files)
  execute_process(COMMAND "${patchelf}" --print-rpath "${file}" OUTPUT_VARIABLE before OUTPUT_STRIP_TRAILING_WHITESPACE
    COMMAND_ERROR_IS_FATAL ANY)
  get_filename_component(folder "${file}" DIRECTORY)
  file(RELATIVE_PATH beside "${folder}" "${CMAKE_INSTALL_PREFIX}")
  string(REGEX REPLACE "[^:]*/(site|dist)-packages/" "$ORIGIN/${beside}" after "${before}")
  if(NOT after STREQUAL before)
    execute_process(COMMAND "${patchelf}" --set-rpath "${after}" "${file}" COMMAND_ERROR_IS_FATAL ANY)
  endif()
endforeach()
