// One layer of a problem by one of cuDNN's algorithms, prepared once and run again and again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cuda/cudnn_library.hpp"
#include "peer.hpp"
#include "problem.hpp"

namespace takt::bench {

/// What cuDNN makes and takes back.
template <class Pointer>
using CudnnObject =
    std::unique_ptr<std::remove_pointer_t<Pointer>, cudnnStatus_t (*)(Pointer object)>;

/// On the problem's stream.
CudnnObject<cudnnHandle_t> make_cudnn_handle(const Problem& problem);

class CudnnRnn : public Peer {
 public:
  /// The handle and the problem must outlive it. Throws PeerRefusal with the status where cuDNN
  /// takes the problem not, std::bad_alloc where memory is short.
  CudnnRnn(cudnnHandle_t handle, const Problem& problem, cudnnRNNAlgo_t algorithm);

  /// In training gradients of weights are set, as takt's are: cuDNN only adds, to zeros that are
  /// written first.
  void enqueue() override;
  std::vector<PeerTensor> results() override;
  std::string algorithm() const override { return name_of(algorithm_); }
  /// cuDNN's words are work space and reserve space.
  std::optional<PeerMemory> memory() const override;

  /// "persist static".
  static std::string name_of(cudnnRNNAlgo_t algorithm);

 private:
  void describe_tensors();
  void make_memory();
  enum class Towards : std::uint8_t { space, tensors };
  /// Between W, R, bW and bR, or their gradients, and the places of their gates in a weight space.
  void copy_gates(const Array& space, std::vector<Array> tensors, Towards towards);

  cudnnHandle_t handle_;
  const Problem& problem_;
  cudnnRNNAlgo_t algorithm_;
  cudnnForwardMode_t mode_;
  CudnnObject<cudnnRNNDescriptor_t> rnn_;
  CudnnObject<cudnnRNNDataDescriptor_t> x_desc_, y_desc_;
  CudnnObject<cudnnTensorDescriptor_t> state_desc_;
  DeviceVector<std::int32_t> lengths_;
  Array c0_, y_, hT_, cT_, dx_;  // c in the type of y, unlike takt's
  // Bytes, as arrays of the type of 2 bytes.
  Array weights_, gradients_, work_, reserve_;
};

}  // namespace takt::bench
