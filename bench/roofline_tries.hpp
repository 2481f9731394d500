// The best of many tries of a measurement that others disturb.
#pragma once

#include <algorithm>

namespace takt::bench {

/// Rates: amounts a second.
class Tries {
 public:
  void add(double rate) {
    second_ = std::max(second_, std::min(rate, best_));
    best_ = std::max(best_, rate);
  }

  /// 0 before the first.
  double best() const { return best_; }
  /// Whether the best two are equal to 3 %: what disturbs seldom slows two tries as much.
  bool agree() const { return best_ > 0 && second_ >= 0.97 * best_; }

 private:
  double best_ = 0, second_ = 0;
};

}  // namespace takt::bench
