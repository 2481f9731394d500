// What the emulated cuDNN's handles and descriptors point to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <cudnn.h>

struct cudnnContext {
  cudaStream_t stream = nullptr;
};
struct cudnnTensorStruct {
  cudnnDataType_t type{};
  std::vector<int> dims, strides;
};
struct cudnnRNNStruct {
  cudnnRNNAlgo_t algorithm{};
  cudnnRNNMode_t cell{};
  cudnnDataType_t type{};
  std::int64_t I = 0, H = 0;
  int built_for = -1;  ///< cudnnBuildRNNDynamic's batch
};
struct cudnnRNNDataStruct {
  cudnnDataType_t type{};
  std::int64_t T = 0, B = 0, width = 0;
};

namespace simt::cudnn {

std::string name_of(cudnnRNNMode_t cell);  ///< as takt's reference knows it
std::int64_t gates_of(cudnnRNNMode_t cell);
std::size_t size_of(cudnnDataType_t type);  ///< 0 for a type that RNNs do not have

/// A word of the environment variable TAKT_EMULATED_CUDNN, with which tests steer it. Of an
/// algorithm N: "refuse:N" (it runs nothing), "wrong:N" (its results are not right), "fast:N" (all
/// others take some milliseconds), "huge:N" (no device has its work space), "large:N" (none has it
/// beside another's memory), "stateless:N" (it starts from zeros, whatever it is given),
/// "unfinished:N" (it leaves final states as they are), "undone:N" (it leaves gradients of weights
/// as they are). Of all: "most_steps:N", "version:N", "no_start:1", "odd_weights:1" (more rows than
/// a cell has), "zeroed:1" (gradients of weights that are added to anything but zeros spoil every y
/// after). Of the Nth forward of a program, from 1: "fail_at:N" (it alone fails), "throw_at:N" (it
/// throws), "lose_at:N" (the device is lost while it runs).
bool is_told(const std::string& word, cudnnRNNAlgo_t algorithm);
/// The number of a word; none where it is not there.
std::optional<int> told(const std::string& word);

/// Where a gate's matrix and bias lie in the weights, in elements. Nothing documents it: the
/// recurrent half comes first, each matrix after its bias, with gaps.
struct Place {
  std::int64_t matrix, bias, matrix_size;
};
Place place_of(const cudnnRNNStruct& rnn, std::int64_t number);
std::size_t weight_bytes(const cudnnRNNStruct& rnn);

/// Of a training forward, for backward: doubles.
struct Reserve {
  std::int64_t mark, x, h0, c0, y, gradients, size;  ///< where each begins
};
Reserve reserve_of(const cudnnRNNStruct& rnn, const cudnnRNNDataStruct& x);
std::size_t work_bytes(const cudnnRNNStruct& rnn, const cudnnRNNDataStruct& x);

}  // namespace simt::cudnn
