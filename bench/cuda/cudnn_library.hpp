// cuDNN, loaded at run time.
#pragma once

#include <string>

#include <cudnn.h>

namespace takt::bench {

#define TAKT_CUDNN_FUNCTIONS(function)                                                             \
  function(cudnnGetVersion) function(cudnnGetErrorString) function(cudnnCreate)                    \
      function(cudnnDestroy) function(cudnnSetStream) function(cudnnCreateTensorDescriptor)        \
          function(cudnnDestroyTensorDescriptor) function(cudnnSetTensorNdDescriptor)              \
              function(cudnnGetTensorNdDescriptor) function(cudnnCreateRNNDescriptor)              \
                  function(cudnnDestroyRNNDescriptor) function(cudnnSetRNNDescriptor_v8) function( \
                      cudnnBuildRNNDynamic) function(cudnnCreateRNNDataDescriptor)                 \
                      function(cudnnDestroyRNNDataDescriptor) function(cudnnSetRNNDataDescriptor)  \
                          function(cudnnGetRNNTempSpaceSizes) function(cudnnGetRNNWeightSpaceSize) \
                              function(cudnnGetRNNWeightParams) function(cudnnRNNForward)          \
                                  function(cudnnRNNBackwardData_v8)                                \
                                      function(cudnnRNNBackwardWeights_v8)

/// Its functions by their names, null where `missing` says why.
struct CudnnLibrary {
#define TAKT_CUDNN_MEMBER(name) decltype(&::name) name = nullptr;
  TAKT_CUDNN_FUNCTIONS(TAKT_CUDNN_MEMBER)
#undef TAKT_CUDNN_MEMBER
  std::string missing;
};

/// From the file that the environment variable TAKT_CUDNN names, else where the loader finds it,
/// else in CUDA's folder. Looked for once.
const CudnnLibrary& cudnn();

}  // namespace takt::bench
