// language_model write: goes on with a prompt.
#include <CLI/CLI.hpp>

#include "arguments.hpp"
#include "checkpoint.hpp"
#include "commands.hpp"
#include "output.hpp"
#include "writer.hpp"

namespace language_model {
namespace {

struct Arguments {
  std::string model, prompt;
  std::int64_t size = 500;
  WritingOptions writing;
  DeviceOptions device;
};

int write(const Arguments& arguments) {
  const std::unique_ptr<Operations> operations = arguments.device.make();
  const Parameters parameters = load_model(arguments.model, *operations);
  Writer writer(parameters, *operations);
  for (const char c : arguments.prompt) {
    writer.read(static_cast<std::uint8_t>(c));
    print_byte(static_cast<std::uint8_t>(c));
  }
  for (std::int64_t n = 0; n < arguments.size; ++n) print_byte(writer.write(arguments.writing));
  print_line("");
  return 0;
}

}  // namespace

Command write_command(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* app = program.add_subcommand("write", "Write on after a prompt, byte by byte");
  app->add_option("model", arguments->model, "What train has saved: best.safetensors")
      ->required()
      ->type_name("FILE");
  app->add_option("--prompt", arguments->prompt, "What comes before")->type_name("TEXT");
  add_whole(*app, "--bytes", arguments->size, {0, 1e12}, "How many to write");
  add_number(*app, "--temperature", arguments->writing.temperature, {0, 100},
             "Below 1 likely bytes become likelier; 0: always the likeliest");
  add_seed(*app, arguments->writing.seed, "The same seed writes the same text");
  arguments->device.add(*app);
  return {app, [arguments] { return write(*arguments); }};
}

}  // namespace language_model
