# Run after a plugin was linked: sees that the file is a plugin with components, and compares what it says of itself
# with the KINDS of kindred_add_plugin.
#   cmake -DHOST=<host> -DPLUGIN=<file> "-DKINDS=<kind>;..." -P KindredKinds.cmake
cmake_minimum_required(VERSION 3.25)  # a script has no project whose policies it could take
execute_process(COMMAND "${HOST}" inspect "${PLUGIN}" --json OUTPUT_VARIABLE text ERROR_VARIABLE said)
string(JSON count ERROR_VARIABLE unreadable LENGTH "${text}" offers)
if(unreadable)
  message(FATAL_ERROR "${HOST} cannot read ${PLUGIN}: ${said}${unreadable}")
endif()
# Whatever else the host refuses (a folder that others may write to) is no mistake of the sources.
string(JSON refusal ERROR_VARIABLE none GET "${text}" refusal code)
if(refusal MATCHES "^KDP0(02|16|17|20)$")
  string(JSON message GET "${text}" refusal message)
  message(FATAL_ERROR "${message}")
endif()
set(offered "")
set(at 0)
while(at LESS count)
  string(JSON kind GET "${text}" offers ${at} kind)
  list(APPEND offered ${kind})
  math(EXPR at "${at} + 1")
endwhile()
list(REMOVE_DUPLICATES offered)
list(REMOVE_ITEM offered plugin)  # the plugin itself
foreach(kind IN LISTS KINDS)
  if(NOT kind IN_LIST offered)
    message(FATAL_ERROR "KINDS of kindred_add_plugin names ${kind}, but ${PLUGIN} offers: ${offered}")
  endif()
endforeach()
