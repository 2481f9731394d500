// language_model chat: lines in turns, the state kept from one to the next, and over runs.
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include <CLI/CLI.hpp>

#include "arguments.hpp"
#include "checkpoint.hpp"
#include "commands.hpp"
#include "output.hpp"
#include "writer.hpp"

namespace language_model {
namespace {

struct Arguments {
  std::string model, state;
  std::int64_t most = 400;
  WritingOptions writing;
  DeviceOptions device;
};

/// The model's turn: up to the end of a line, or to the most bytes.
void answer(Writer& writer, const Arguments& arguments) {
  for (std::int64_t n = 0; n < arguments.most; ++n) {
    const std::uint8_t byte = writer.write(arguments.writing);
    print_byte(byte);
    if (byte == '\n') return;
  }
  print_line("");
}

int chat(const Arguments& arguments) {
  const std::unique_ptr<Operations> operations = arguments.device.make();
  const Parameters parameters = load_model(arguments.model, *operations);
  Writer writer(parameters, *operations);
  const bool saves = !arguments.state.empty();
  const std::uint64_t mark = saves ? mark_of(parameters, *operations) : 0;
  const auto save = [&] { save_conversation(arguments.state, writer, mark, *operations); };
  std::error_code ignored;
  if (saves && std::filesystem::exists(arguments.state, ignored))
    load_conversation(arguments.state, writer, mark, *operations);
  if (saves) save();  // or nothing of it could be, which is better said now
  const bool terminal = isatty(STDIN_FILENO) == 1;
  const auto ask = [&] {
    if (terminal) std::cout << "> " << std::flush;
  };
  ask();
  for (std::string line; std::getline(std::cin, line); ask()) {
    for (const char c : line + "\n") writer.read(static_cast<std::uint8_t>(c));
    answer(writer, arguments);
    if (saves) save();
  }
  return 0;
}

}  // namespace

Command chat_command(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* app = program.add_subcommand(
      "chat", "Take turns: a line of yours, a line of the model's, until the end of the input");
  app->add_option("model", arguments->model, "What train has saved: best.safetensors")
      ->required()
      ->type_name("FILE");
  app->add_option("--state", arguments->state,
                  "Go on with the conversation in FILE, where there is one, and save it there "
                  "after each turn")
      ->type_name("FILE");
  add_whole(*app, "--most", arguments->most, {1, 1e9}, "Bytes of an answer");
  add_number(*app, "--temperature", arguments->writing.temperature, {0, 100},
             "Below 1 likely bytes become likelier; 0: always the likeliest");
  add_seed(*app, arguments->writing.seed, "The same seed gives the same answers");
  arguments->device.add(*app);
  return {app, [arguments] { return chat(*arguments); }};
}

}  // namespace language_model
