// Options whose values are checked, and refused in sentences that name the option.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "operations.hpp"
#include "sizes.hpp"

namespace language_model {

CLI::Option* add_whole(CLI::App& app, const std::string& name, std::int64_t& value, Range range,
                       const std::string& help);
CLI::Option* add_seed(CLI::App& app, std::uint64_t& seed, const std::string& help);
CLI::Option* add_number(CLI::App& app, const std::string& name, double& value, Range range,
                        const std::string& help);

/// --device and --threads.
class DeviceOptions {
 public:
  void add(CLI::App& app);
  std::unique_ptr<Operations> make() const;

 private:
  std::string device_ = "cpu";
  std::int64_t threads_ = 0;
};

}  // namespace language_model
