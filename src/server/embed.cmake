# Makes what the server hands out as it is part of the riposte_server library, each as one string constant.
# asset(VARIABLE path): the text of a file, below the top of the repository, as VARIABLE for assets.cpp.in.
macro(asset variable path)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${path})
  file(READ ${CMAKE_SOURCE_DIR}/${path} ${variable})
endmacro()
asset(RIPOSTE_OPENAPI src/api/openapi.json)
string(REPLACE "@RIPOSTE_VERSION@" "${PROJECT_VERSION}" RIPOSTE_OPENAPI "${RIPOSTE_OPENAPI}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/assets.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/assets.cpp @ONLY)
target_sources(riposte_server PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/assets.cpp)
