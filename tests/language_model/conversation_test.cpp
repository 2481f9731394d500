// Conversations in files: that they go on, and what is refused.
#include <cmath>

#include <gtest/gtest.h>

#include "checkpoint_files.hpp"
#include "language_model/checkpoint.hpp"

namespace language_model::test {
namespace {

class LanguageModelConversation : public CheckpointFiles {};

TEST_F(LanguageModelConversation, AConversationGoesOnAsIfItHadNotStopped) {
  Parameters parameters(small_sizes, on_->device());
  initialise(parameters, {.seed = 9}, *on_);
  const auto say = [&](Writer& writer, const std::string& words) {
    writer.read(text_of(words));
    Text answer;
    for (int n = 0; n < 20; ++n) answer.push_back(writer.write({.temperature = 1}));
    return answer;
  };
  Writer whole(parameters, *on_), first(parameters, *on_), second(parameters, *on_);
  EXPECT_EQ(say(whole, "hello"), say(first, "hello"));
  const std::uint64_t mark = mark_of(parameters, *on_);
  save_conversation(path("talk"), first, mark, *on_);
  load_conversation(path("talk"), second, mark, *on_);
  for (int n = 0; n < 20; ++n) ASSERT_EQ(whole.write({}), second.write({})) << n;
}

TEST_F(LanguageModelConversation, AConversationWithAnotherModelIsRefused) {
  Parameters one(small_sizes, on_->device()), other(small_sizes, on_->device());
  initialise(one, {.seed = 9}, *on_);
  initialise(other, {.seed = 10}, *on_);
  Writer writer(one, *on_), stranger(other, *on_);
  const std::uint64_t mark = mark_of(one, *on_), strange = mark_of(other, *on_);
  save_conversation(path("talk"), writer, mark, *on_);
  EXPECT_EQ(refusal_of([&] { load_conversation(path("talk"), stranger, strange, *on_); }),
            "the conversation '" + path("talk") + "' was held with another model, of mark '" +
                std::to_string(mark) + "'; this one's is " + std::to_string(strange));
  change("talk", [](TensorFile& file) { file.metadata["drawn"] = "-1"; });
  expect_said(refusal_of([&] { load_conversation(path("talk"), writer, mark, *on_); }),
              "says that 'drawn' is -1; it must be between 0 and ");
  save_conversation(path("talk"), writer, mark, *on_);
  change("talk", [](TensorFile& file) { file.tensors["logits"].values[0] = NAN; });
  expect_said(refusal_of([&] { load_conversation(path("talk"), writer, mark, *on_); }),
              "has tensor 'logits' with values that are not finite in f32");
}

}  // namespace
}  // namespace language_model::test
