# Whether takt is built with CUDA, and what device code is compiled with. nvcc is run by rules of
# our own, not as a language of CMake: a static library with objects of the language CUDA asks each
# project that links it to enable that language, too.
set(TAKT_CUDA AUTO CACHE STRING "The CUDA path: ON, OFF, or AUTO: where it can be built")
set_property(CACHE TAKT_CUDA PROPERTY STRINGS AUTO ON OFF)
set(TAKT_CUDA_ARCHITECTURES 90a CACHE STRING
  "Architectures that device code is compiled for, as a list: 80;90a;100")
set(least_cuda 12.6)

if(NOT TAKT_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "takt: TAKT_CUDA is '${TAKT_CUDA}'; it may be AUTO, ON or OFF")
endif()
if(NOT TAKT_CUDA_ARCHITECTURES)
  message(FATAL_ERROR "takt: TAKT_CUDA_ARCHITECTURES is empty; it needs one such as 90a")
endif()
set(cuda_code)
foreach(architecture IN LISTS TAKT_CUDA_ARCHITECTURES)
  if(NOT architecture MATCHES "^[0-9]+[af]?$")
    message(FATAL_ERROR
      "takt: TAKT_CUDA_ARCHITECTURES has '${architecture}'; it may have numbers such as 80 or 90a")
  endif()
  list(APPEND cuda_code -gencode arch=compute_${architecture},code=sm_${architecture})
endforeach()

# What runs nvcc; warnings of its host compiler are not those of -Wconversion, which CUDA's headers
# do not stand.
if(NOT TAKT_CUDA STREQUAL "OFF")
  find_package(CUDAToolkit QUIET)
endif()
set(nvcc_command ${CUDAToolkit_NVCC_EXECUTABLE} -ccbin ${CMAKE_CXX_COMPILER} -std=c++20
  -Xcompiler=-Wall,-Wextra)
if(TAKT_WARNINGS_AS_ERRORS)
  list(APPEND nvcc_command -Werror all-warnings)
endif()

# takt_missing_cuda(OUT): why takt cannot be built with CUDA; empty where it can.
function(takt_missing_cuda out)
  if(TAKT_CUDA STREQUAL "OFF")
    set(${out} "TAKT_CUDA is OFF" PARENT_SCOPE)
  elseif(TAKT_SANITIZE)
    set(${out} "sanitizers see host code only; the emulated device's tests have the rest"
      PARENT_SCOPE)
  elseif(NOT CUDAToolkit_FOUND OR NOT CUDAToolkit_NVCC_EXECUTABLE)
    set(${out} "no nvcc in PATH, CUDA_PATH or /usr/local/cuda" PARENT_SCOPE)
  elseif(CUDAToolkit_VERSION VERSION_LESS least_cuda)
    set(${out} "CUDA ${CUDAToolkit_VERSION} is older than ${least_cuda}" PARENT_SCOPE)
  elseif(NOT TARGET CUDA::cudart OR NOT TARGET CUDA::cublasLt)
    set(${out} "no libcudart or no libcublasLt in ${CUDAToolkit_LIBRARY_DIR}" PARENT_SCOPE)
  else()
    # Once for each compiler: nvcc refuses host compilers that it does not know.
    set(tried "${nvcc_command};${CUDAToolkit_VERSION};${CMAKE_CXX_COMPILER_VERSION};${cuda_code}")
    if(NOT tried STREQUAL TAKT_CUDA_TRIED)
      set(probe ${PROJECT_BINARY_DIR}/cuda/probe)
      file(WRITE ${probe}.cu "#include <string>\n__global__ void probe(float* x) { *x = 1; }\n")
      execute_process(COMMAND ${nvcc_command} ${cuda_code} -c ${probe}.cu -o ${probe}.o
        RESULT_VARIABLE result OUTPUT_VARIABLE said ERROR_VARIABLE said)
      if(NOT result EQUAL 0)
        string(STRIP "${said}" said)
        set(${out} "nvcc ${CUDAToolkit_VERSION} does not compile with ${CMAKE_CXX_COMPILER} for \
${TAKT_CUDA_ARCHITECTURES}: ${said}" PARENT_SCOPE)
        return()
      endif()
      set(TAKT_CUDA_TRIED "${tried}" CACHE INTERNAL "What compiled a probe of device code")
    endif()
    set(${out} "" PARENT_SCOPE)
  endif()
endfunction()

takt_missing_cuda(missing_cuda)
list(JOIN TAKT_CUDA_ARCHITECTURES " " cuda_architectures)
if(NOT missing_cuda)
  set(with_cuda TRUE)
  message(STATUS "takt: with CUDA ${CUDAToolkit_VERSION}, for ${cuda_architectures}")
else()
  set(with_cuda FALSE)
  if(TAKT_CUDA STREQUAL "ON" AND NOT TAKT_SANITIZE)
    message(FATAL_ERROR "takt: TAKT_CUDA is ON, but: ${missing_cuda}")
  endif()
  message(STATUS "takt: built without CUDA: ${missing_cuda}")
endif()
# As an installed takt's package says it.
set(takt_WITH_CUDA ${with_cuda})
set(takt_CUDA_ARCHITECTURES ${TAKT_CUDA_ARCHITECTURES})

# takt_add_kernels(TARGET OUT SOURCES...): TARGET compiles each .cu file, with the caller's folder for
# includes too; its objects are appended to OUT. Beside each is a .ptxas: registers, stack and spills
# of its kernels.
function(takt_add_kernels target out)
  set(launcher ${CMAKE_CXX_COMPILER_LAUNCHER})
  if(DEFINED CMAKE_CUDA_COMPILER_LAUNCHER)
    set(launcher ${CMAKE_CUDA_COMPILER_LAUNCHER})
  endif()
  set(objects)
  foreach(source IN LISTS ARGN)
    get_filename_component(name ${source} NAME_WE)
    set(object ${PROJECT_BINARY_DIR}/cuda/${name}.o)
    add_custom_command(OUTPUT ${object} BYPRODUCTS ${object}.ptxas
      COMMAND ${takt_SOURCE_DIR}/cmake/nvcc.sh ${object}.ptxas ${launcher} ${nvcc_command}
        ${cuda_code} -O3 $<$<NOT:$<CONFIG:Debug>>:-DNDEBUG>
        -Xcompiler=-fPIC,-fvisibility=hidden,-fvisibility-inlines-hidden -Xptxas=-v
        "-DTAKT_CUDA_ARCHITECTURES=\"${cuda_architectures}\""
        -I${CMAKE_CURRENT_SOURCE_DIR} -I${takt_BINARY_DIR}/include -I${takt_SOURCE_DIR}/include
        -I${takt_SOURCE_DIR}/src
        -MD -MF ${object}.d -c ${source} -o ${object}
      DEPENDS ${source} ${takt_SOURCE_DIR}/cmake/nvcc.sh
      DEPFILE ${object}.d
      COMMENT "Building CUDA object cuda/${name}.o"
      COMMAND_EXPAND_LISTS VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  add_custom_target(${target} DEPENDS ${objects})
  set_source_files_properties(${objects} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  set(${out} ${${out}} ${objects} PARENT_SCOPE)
endfunction()
