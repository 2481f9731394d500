// The CPU's product of few rows by a matrix where it lies, alone: against integers, which are
// exact, and against the product by the same matrix packed.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "arithmetic.hpp"
#include "cpu/levels.hpp"
#include "cpu/tasks.hpp"

namespace takt::test {
namespace {

template <class Real>
std::vector<Real> drawn(std::int64_t size, std::uint64_t seed) {
  const Device device = Device::cpu({.threads = 1});
  const Stream stream(device);
  return to_host<Real>(random(device, {size}, seed, data_type_of<Real>), stream);
}

template <class Real>
std::vector<Real> integers(std::int64_t size, std::int64_t period) {
  std::vector<Real> values(static_cast<std::size_t>(size));
  for (std::int64_t n = 0; n < size; ++n)
    values[static_cast<std::size_t>(n)] = static_cast<Real>((n * 5) % period - period / 2);
  return values;
}

/// A [M,K], whose rows a table gives in turned order, and B [N,K].
template <class Real>
struct Factors {
  std::int64_t M, N, K;
  std::vector<Real> A, B;

  /// C with columns to spare, in shares of rows and of blocks.
  std::vector<Real> given_product(const cpu::Products<Real>& products, std::int64_t shares) const {
    std::vector<Real> C(static_cast<std::size_t>(M * (N + spare)), Real(7));
    const std::vector<const Real*> rows = turned_rows();
    const cpu::GivenProductTask<Real> task{M, N, K, {.table = rows.data()}, B.data(), to(C)};
    const std::int64_t blocks = ceil_div(N, products.width);
    for (std::int64_t r = 0; r < shares; ++r)
      for (std::int64_t u = 0; u < shares; ++u)
        products.given_product(task, {M * r / shares, M * (r + 1) / shares, blocks * u / shares,
                                      blocks * (u + 1) / shares});
    return C;
  }
  std::vector<Real> packed_product(const cpu::Products<Real>& products) const {
    std::vector<Real> C(static_cast<std::size_t>(M * (N + spare)), Real(7));
    std::vector<Real> packed(static_cast<std::size_t>(K * (N + products.width)));
    const cpu::Share all{0, M, 0, ceil_div(N, products.width)};
    products.pack_transposed({B.data(), K, N, packed.data()}, all);
    const std::vector<const Real*> rows = turned_rows();
    cpu::ProductTask<Real> task{.M = M, .N = N, .K = K, .A = {.table = rows.data()}};
    task.packed_B = packed.data();
    task.C = to(C);
    products.product(task, all);
    return C;
  }
  std::vector<Real> plain_sums() const {
    std::vector<Real> C(static_cast<std::size_t>(M * (N + spare)), Real(7));
    const std::vector<const Real*> rows = turned_rows();
    for (std::int64_t m = 0; m < M; ++m)
      for (std::int64_t n = 0; n < N; ++n) {
        double sum = 0;
        for (std::int64_t k = 0; k < K; ++k)
          sum += static_cast<double>(rows[static_cast<std::size_t>(m)][k]) *
                 static_cast<double>(B[static_cast<std::size_t>(n * K + k)]);
        C[static_cast<std::size_t>(m * (N + spare) + n)] = static_cast<Real>(sum);
      }
    return C;
  }

 private:
  static constexpr std::int64_t spare = 3;

  std::vector<const Real*> turned_rows() const {
    std::vector<const Real*> rows;
    for (std::int64_t m = M; m-- > 0;) rows.push_back(A.data() + m * K);
    return rows;
  }
  cpu::MatrixRows<Real> to(std::vector<Real>& C) const { return {C.data(), N + spare, nullptr}; }
};

template <class Real>
void expect_products(const cpu::Level& level) {
  const auto& products = cpu::products_of<Real>(level);
  for (std::int64_t M = 1; M <= 9; ++M)
    for (const auto& [N, K] : {std::pair<std::int64_t, std::int64_t>{1, 1},
                               {5, 3},
                               {16, 16},
                               {17, 33},
                               {64, 8},
                               {130, 131},
                               {300, 64}}) {
      SCOPED_TRACE("M=" + std::to_string(M) + " N=" + std::to_string(N) +
                   " K=" + std::to_string(K));
      const Factors<Real> whole{M, N, K, integers<Real>(M * K, 7), integers<Real>(N * K, 9)};
      const Factors<Real> real{M, N, K, drawn<Real>(M * K, 1), drawn<Real>(N * K, 2)};
      for (const std::int64_t shares : {1, 2}) {
        EXPECT_EQ(whole.given_product(products, shares), whole.plain_sums());
        EXPECT_EQ(real.given_product(products, shares), real.packed_product(products));
      }
    }
}

TEST(GivenProduct, IsThatOfThePackedMatrixBitForBit) {
  for (const cpu::NamedLevel& level : cpu::levels()) {
    if (!level.runs_here) continue;
    SCOPED_TRACE(level.name);
    expect_products<float>(*level.level);
    expect_products<double>(*level.level);
  }
}

}  // namespace
}  // namespace takt::test
