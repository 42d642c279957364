# Makes catalogue.toml part of the riposte_apps library, as one string constant.
set(catalogue_toml ${CMAKE_CURRENT_LIST_DIR}/catalogue.toml)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${catalogue_toml})
file(READ ${catalogue_toml} RIPOSTE_CATALOGUE_TOML)
configure_file(${CMAKE_CURRENT_LIST_DIR}/catalogue_toml.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/catalogue_toml.cpp @ONLY)
target_sources(riposte_apps PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/catalogue_toml.cpp)
target_compile_definitions(riposte_apps PUBLIC RIPOSTE_VERSION="${PROJECT_VERSION}")
