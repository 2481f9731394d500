// Exceptions. Each message is one sentence that names the argument, what it got, what it may be.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <takt/export.hpp>

namespace takt {

/// Base of everything that takt throws itself (std::bad_alloc passes through).
class TAKT_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The caller's mistake. Thrown before any work: a refused call has written nothing.
class TAKT_API ArgumentError : public Error {
 public:
  /// `where` is the call ("forward", "Plan"), `argument` the offending name ("lengths[3]"),
  /// `sentence` what follows "takt: where: ".
  ArgumentError(std::string where, std::string argument, const std::string& sentence)
      : Error("takt: " + where + ": " + sentence),
        names_(std::make_shared<const Names>(Names{std::move(where), std::move(argument)})) {}

  const std::string& where() const noexcept { return names_->where; }
  const std::string& argument() const noexcept { return names_->argument; }

 private:
  struct Names {
    std::string where, argument;
  };
  std::shared_ptr<const Names> names_;  // shared, so that copying an exception throws none
};

/// A request that is understood and well-formed, but that no algorithm here can serve.
class TAKT_API UnsupportedError : public ArgumentError {
 public:
  using ArgumentError::ArgumentError;
};

/// A device is missing, or one of its calls failed.
class TAKT_API DeviceError : public Error {
 public:
  using Error::Error;
};

}  // namespace takt
