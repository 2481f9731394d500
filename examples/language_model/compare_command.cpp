// language_model compare: a table of runs.
#include <filesystem>

#include <CLI/CLI.hpp>

#include "commands.hpp"
#include "output.hpp"
#include "record.hpp"

namespace language_model {

Command compare_command(CLI::App& program) {
  const auto paths = std::make_shared<std::vector<std::string>>();
  CLI::App* app = program.add_subcommand("compare", "Print a table of runs, in Markdown");
  app->add_option("records", *paths, "What train has left: run.json")
      ->required()
      ->type_name("FILE...");
  return {app, [paths] {
            std::vector<std::pair<std::string, Record>> records;
            for (const std::string& path : *paths)
              records.emplace_back(std::filesystem::path(path).stem(), read_record(path));
            print_text(comparison(records));
            return 0;
          }};
}

}  // namespace language_model
