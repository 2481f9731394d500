# Finds cuDNN's headers, of version 9 or newer: the target CuDNN::headers. The library is loaded at
# run time, so nothing is linked.
find_path(CuDNN_INCLUDE_DIR cudnn_version.h
  HINTS ${CUDAToolkit_INCLUDE_DIRS} ENV CUDA_PATH /usr/local/cuda PATH_SUFFIXES include)
mark_as_advanced(CuDNN_INCLUDE_DIR)
if(CuDNN_INCLUDE_DIR)
  file(STRINGS ${CuDNN_INCLUDE_DIR}/cudnn_version.h lines
    REGEX "define CUDNN_(MAJOR|MINOR|PATCHLEVEL) +[0-9]+")
  string(REGEX MATCHALL "[0-9]+" CuDNN_VERSION "${lines}")
  list(JOIN CuDNN_VERSION "." CuDNN_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CuDNN
  REQUIRED_VARS CuDNN_INCLUDE_DIR VERSION_VAR CuDNN_VERSION)

if(CuDNN_FOUND AND NOT TARGET CuDNN::headers)
  add_library(CuDNN::headers INTERFACE IMPORTED)
  set_target_properties(CuDNN::headers PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${CuDNN_INCLUDE_DIR}")
endif()
