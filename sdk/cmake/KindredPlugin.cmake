# kindred_add_plugin(<name> SOURCES <file>... [LINK <target>...] [KINDS <kind>...])
#   Builds <name>.kindred.so from SOURCES against the SDK. One symbol is exported and the library is never
#   unmapped: autograd nodes and exceptions may outlive any handle. KINDS says which kinds of components the
#   plugin offers. After linking, the installed host reads from the file whether it does, and whether KINDRED_PLUGIN and
#   KINDRED_COMPONENT are there at all.
#
# kindred_add_plugin_tests(<name> [PIPELINE <file>] [PARAMETERS <id>=<json>...])
#   Adds the ctest entries <name>.conforms, which runs kindred-check on the plugin (PARAMETERS for components that
#   cannot be made from defaults), and <name>.runs, which runs a pipeline with it. For projects that use an
#   installed SDK.
include_guard()
set(_KINDRED_PLUGIN_MAP "${CMAKE_CURRENT_LIST_DIR}/plugin.map")
set(_KINDRED_CHECK_KINDS "${CMAKE_CURRENT_LIST_DIR}/KindredKinds.cmake")

function(kindred_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "OUTPUT_DIRECTORY" "SOURCES;LINK;KINDS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "kindred_add_plugin(${name}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "kindred_add_plugin(${name}): SOURCES names no file")
  endif()
  # Sources go straight into the module: a static archive in between would drop components.
  add_library(${name} MODULE ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE kindred::sdk ${arg_LINK})
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX ".kindred.so"
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON LINK_DEPENDS "${_KINDRED_PLUGIN_MAP}")
  target_link_options(${name} PRIVATE LINKER:-z,nodelete "LINKER:--version-script=${_KINDRED_PLUGIN_MAP}")
  # clang leaves the sanitizers' runtime to the program, so with it their symbols are undefined here.
  if(NOT (KINDRED_SANITIZE AND CMAKE_CXX_COMPILER_ID MATCHES "Clang"))
    target_link_options(${name} PRIVATE LINKER:--no-undefined)
  endif()
  if(Kindred_HOST)  # the repository's own plugins are built before the host
    add_custom_command(TARGET ${name} POST_BUILD VERBATIM COMMAND "${CMAKE_COMMAND}" "-DHOST=${Kindred_HOST}"
      "-DPLUGIN=$<TARGET_FILE:${name}>" "-DKINDS=${arg_KINDS}" -P "${_KINDRED_CHECK_KINDS}")
  endif()
  if(arg_OUTPUT_DIRECTORY)  # fixtures of tests
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${arg_OUTPUT_DIRECTORY}")
  elseif(KINDRED_PLUGIN_OUTPUT_DIRECTORY)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${KINDRED_PLUGIN_OUTPUT_DIRECTORY}")
    set_property(GLOBAL APPEND PROPERTY KINDRED_PLUGIN_TARGETS ${name})
  endif()
endfunction()

function(kindred_add_plugin_tests name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PIPELINE" "PARAMETERS")
  set(parameters "")
  foreach(one IN LISTS arg_PARAMETERS)
    list(APPEND parameters --params "${one}")
  endforeach()
  add_test(NAME ${name}.conforms COMMAND "${Kindred_CHECK}" $<TARGET_FILE:${name}> ${parameters})
  if(arg_PIPELINE)
    add_test(NAME ${name}.runs
      COMMAND "${Kindred_HOST}" run "${CMAKE_CURRENT_SOURCE_DIR}/${arg_PIPELINE}" --quiet --plugins $<TARGET_FILE_DIR:${name}>
      WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
  endif()
endfunction()
