# Makes presets.toml part of the riposte_rewrite library, as one string constant.
set(presets_toml ${CMAKE_CURRENT_LIST_DIR}/presets.toml)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${presets_toml})
file(READ ${presets_toml} RIPOSTE_PRESETS_TOML)
configure_file(${CMAKE_CURRENT_LIST_DIR}/presets_toml.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/presets_toml.cpp @ONLY)
target_sources(riposte_rewrite PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/presets_toml.cpp)
