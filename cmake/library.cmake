# The library: position-independent objects, for the shared and the static form.

# Everything in src/ but the parts with targets of their own.
file(GLOB sources CONFIGURE_DEPENDS src/*.cpp src/cpu/*.cpp)
file(GLOB_RECURSE reference_sources CONFIGURE_DEPENDS src/reference/*.cpp)
list(APPEND sources ${reference_sources})
list(REMOVE_ITEM sources ${PROJECT_SOURCE_DIR}/src/cpu/level.cpp)

function(takt_add_objects target)
  add_library(${target} OBJECT ${ARGN})
  takt_target_options(${target})
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${target} PRIVATE
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PRIVATE CBLAS::CBLAS Threads::Threads)
endfunction()

# What a static takt is linked into must not show takt's names: its own objects have none to show.
takt_add_objects(takt_objects ${sources})
takt_add_objects(takt_static_objects ${sources})
target_compile_definitions(takt_static_objects PRIVATE TAKT_STATIC)

# The CPU path's loops: one object an instruction-set level, each in its own namespace; which one
# runs is decided at run time. They vectorise at -O3 only.
set(level_objects)
set(level_definitions)
if(NOT TAKT_CPU_LEVELS)
  message(FATAL_ERROR "takt: TAKT_CPU_LEVELS is empty; it needs one of v2, v3, v4 or generic")
endif()
foreach(level IN LISTS TAKT_CPU_LEVELS)
  if(NOT level MATCHES "^(v2|v3|v4|generic)$")
    message(FATAL_ERROR "takt: TAKT_CPU_LEVELS has '${level}'; it may have v2, v3, v4 or generic")
  endif()
  takt_add_objects(takt_cpu_${level} src/cpu/level.cpp)
  target_compile_definitions(takt_cpu_${level} PRIVATE TAKT_CPU_LEVEL=${level})
  if(NOT level STREQUAL "generic")
    target_compile_options(takt_cpu_${level} PRIVATE -march=x86-64-${level})
  endif()
  if(NOT TAKT_SANITIZE)
    target_compile_options(takt_cpu_${level} PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O3>)
  endif()
  list(APPEND level_objects $<TARGET_OBJECTS:takt_cpu_${level}>)
  list(APPEND level_definitions TAKT_CPU_HAS_${level})
endforeach()
set_source_files_properties(src/cpu/levels.cpp PROPERTIES
  COMPILE_DEFINITIONS "${level_definitions}")

add_library(takt SHARED $<TARGET_OBJECTS:takt_objects> ${level_objects})
add_library(takt_static STATIC $<TARGET_OBJECTS:takt_static_objects> ${level_objects})
foreach(target takt takt_static)
  add_library(takt::${target} ALIAS ${target})
  takt_target_options(${target})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME takt LINKER_LANGUAGE CXX)
  target_compile_features(${target} INTERFACE cxx_std_20)
  target_include_directories(${target} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
  target_link_libraries(${target} PRIVATE CBLAS::CBLAS Threads::Threads)
endforeach()
target_compile_definitions(takt_static INTERFACE TAKT_STATIC)

# Before 1.0 each minor version may break the binary interface.
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(soversion ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
else()
  set(soversion ${PROJECT_VERSION_MAJOR})
endif()
if(NOT TAKT_SANITIZE AND NOT APPLE)
  target_link_options(takt PRIVATE LINKER:--no-undefined)
endif()
set_target_properties(takt PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${soversion})
