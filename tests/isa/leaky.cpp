// A level's object as it must not be: it leaves a shared function for the linker to choose from.
namespace takt {

template <class Real>
[[gnu::noinline]] Real shared_square(Real x) {
  return x * x;
}

namespace cpu::leaky {

float fourth_power(float x) {
  return shared_square(shared_square(x));
}

}  // namespace cpu::leaky
}  // namespace takt
