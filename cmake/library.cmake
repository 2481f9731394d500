# The library: position-independent objects, for the shared and the static form.

# Everything in src/ but the parts with targets of their own.
file(GLOB sources CONFIGURE_DEPENDS src/*.cpp src/cpu/*.cpp)
file(GLOB_RECURSE reference_sources CONFIGURE_DEPENDS src/reference/*.cpp)
list(APPEND sources ${reference_sources})
list(REMOVE_ITEM sources ${PROJECT_SOURCE_DIR}/src/cpu/level.cpp)
set(cuda_planning layout.cpp model.cpp persistent.cpp)
list(TRANSFORM cuda_planning PREPEND ${PROJECT_SOURCE_DIR}/src/cuda/)
list(APPEND sources ${cuda_planning})

# Kernels are included as <takt/kernels/...>, as they are once installed.
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/include/takt)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/kernels ${PROJECT_BINARY_DIR}/include/takt/kernels SYMBOLIC)

function(takt_add_objects target)
  add_library(${target} OBJECT ${ARGN})
  takt_target_options(${target})
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${target} PRIVATE
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src ${PROJECT_BINARY_DIR}/include)
  target_link_libraries(${target} PRIVATE Threads::Threads)
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

# What drives GPUs: in these libraries where nvcc is, and in those of the emulated device.
file(GLOB cuda_sources CONFIGURE_DEPENDS src/cuda/*.cpp src/cuda/*.cu)
list(REMOVE_ITEM cuda_sources
  ${PROJECT_SOURCE_DIR}/src/cuda/absent.cpp ${cuda_planning})
set(kernel_objects)
if(with_cuda)
  set(cuda_host_sources ${cuda_sources})
  list(FILTER cuda_host_sources EXCLUDE REGEX "\\.cu$")
  set(kernel_sources ${cuda_sources})
  list(FILTER kernel_sources INCLUDE REGEX "\\.cu$")
  takt_add_kernels(takt_kernels kernel_objects ${kernel_sources})
else()
  set(cuda_host_sources src/cuda/absent.cpp)
endif()
takt_add_objects(takt_cuda_objects ${cuda_host_sources})
takt_add_objects(takt_cuda_static_objects ${cuda_host_sources})
target_compile_definitions(takt_cuda_static_objects PRIVATE TAKT_STATIC)
if(with_cuda)
  foreach(target takt_cuda_objects takt_cuda_static_objects)
    target_compile_definitions(${target} PRIVATE
      TAKT_CUDA_ARCHITECTURES="${cuda_architectures}")
    target_include_directories(${target} SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
  endforeach()
endif()

add_library(takt SHARED $<TARGET_OBJECTS:takt_objects> $<TARGET_OBJECTS:takt_cuda_objects>
  ${level_objects} ${kernel_objects})
add_library(takt_static STATIC $<TARGET_OBJECTS:takt_static_objects>
  $<TARGET_OBJECTS:takt_cuda_static_objects> ${level_objects} ${kernel_objects})
foreach(target takt takt_static)
  add_library(takt::${target} ALIAS ${target})
  takt_target_options(${target})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME takt LINKER_LANGUAGE CXX)
  target_compile_features(${target} INTERFACE cxx_std_20)
  target_include_directories(${target} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
  target_link_libraries(${target} PRIVATE Threads::Threads)
  if(with_cuda)
    add_dependencies(${target} takt_kernels)
    target_link_libraries(${target} PRIVATE CUDA::cublasLt CUDA::cudart)
  endif()
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
