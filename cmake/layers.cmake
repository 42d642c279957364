# One static library per folder of src/, and the flags that the numeric contract needs everywhere.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(LLD ld.lld)
if(LLD AND NOT CMAKE_CROSSCOMPILING)
  add_link_options(-fuse-ld=lld)
endif()

# -ffp-contract=off: a compiler that fuses a multiply and an add on its own would change the bits of an answer.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wno-unused-parameter -ffp-contract=off -fno-math-errno)
if(RIPOSTE_SANITIZE)
  add_compile_options(-fsanitize=${RIPOSTE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${RIPOSTE_SANITIZE})
endif()

find_package(Threads REQUIRED)
if(RIPOSTE_KERNELS_ONLY)
  include(cmake/libraries_from_source.cmake)
else()
  find_package(fmt REQUIRED)
  find_package(spdlog REQUIRED)
endif()

# riposte_layer(NAME DEPENDS layer... LIBRARIES external...): the folder src/NAME as the target riposte_NAME.
# Every .cpp of the folder (and of its subfolders) but main.cpp is compiled: adding a file needs no edit of a list.
function(riposte_layer name)
  cmake_parse_arguments(LAYER "" "" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(NOT sources)
    return()
  endif()
  add_library(riposte_${name} STATIC ${sources})
  target_include_directories(riposte_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  foreach(layer ${LAYER_DEPENDS})
    if(TARGET riposte_${layer})
      target_link_libraries(riposte_${name} PUBLIC riposte_${layer})
    endif()
  endforeach()
  target_link_libraries(riposte_${name} PUBLIC ${LAYER_LIBRARIES})
endfunction()
