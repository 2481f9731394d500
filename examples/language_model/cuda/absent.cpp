// What operations.hpp has for GPUs where the program is built without CUDA: a sentence.
#include "failure.hpp"
#include "operations.hpp"

namespace language_model {

std::unique_ptr<Operations> cuda_operations(const takt::Device& device) {
  throw Failure("this program was built without CUDA, so it does not run on " +
                takt::to_string(device.place()));
}

}  // namespace language_model
