// The record of a run.
#include "record.hpp"

#include <utility>

#include "tool/build.hpp"

namespace takt::micro {
namespace {

using tool::Json;

Json device_json(const DeviceFacts& device) {
  return {{"name", device.name},
          {"compute_capability", std::to_string(device.major) + "." + std::to_string(device.minor)},
          {"sms", device.multiprocessors},
          {"memory_bytes", device.memory_bytes},
          {"l2_bytes", device.l2_bytes},
          {"driver", device.driver},
          {"runtime", device.runtime}};
}

Json parameters_json(const Parameters& parameters) {
  Json json = Json::object();
  for (const auto& [name, value] : parameters)
    std::visit([&, &key = name](const auto& each) { json[key] = each; }, value);
  return json;
}

Json result_json(const Result& result) {
  Json json{{"name", result.name},
            {"parameters", parameters_json(result.parameters)},
            {"unit", result.unit}};
  if (result.failed()) {
    json["failed"] = result.failure;
  } else {
    json["median"] = result.median();
    json["samples"] = result.samples;
  }
  return json;
}

/// "abc-dirty" as {"abc", true}.
std::pair<std::string, bool> split_commit(const std::string& commit) {
  const std::string mark = "-dirty";
  if (!commit.ends_with(mark)) return {commit, false};
  return {commit.substr(0, commit.size() - mark.size()), true};
}

}  // namespace

Record::Record(const DeviceFacts& device, bool emulated, std::string path)
    : path_(std::move(path)) {
  json_["record"] = "microbench";
  json_.update(tool::provenance("takt_microbench"));
  const auto [commit, dirty] = split_commit(tool::commit);
  json_["commit"] = commit.empty() ? Json() : Json(commit);
  json_["dirty"] = dirty;
  json_["device"] = device_json(device);
  json_["emulated"] = emulated;
  json_["complete"] = false;
  json_["ended"] = nullptr;
  json_["results"] = Json::array();
  write();
}

void Record::add(const Result& result) {
  const std::scoped_lock lock(mutex_);
  json_["results"].push_back(result_json(result));
  write();
}

void Record::complete() {
  const std::scoped_lock lock(mutex_);
  json_["complete"] = true;
  write();
}

void Record::end(const std::string& reason) {
  const std::scoped_lock lock(mutex_);
  json_["ended"] = reason;
  write();
}

void Record::write() const {
  if (!path_.empty()) tool::write_json(path_, json_);
}

}  // namespace takt::micro
