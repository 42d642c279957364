// Against jinja2: our own cases (tests/reference/make_chat_cases.py), and those of the real models where they
// are at hand.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "gguf/file.h"
#include "support.h"

namespace riposte::chat {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<tokenizer::MarkedText> render_case(std::string_view source, const json::object& object) {
  auto parsed = Template::parse(source);
  if (!parsed) return pass_on(parsed);
  TemplateInput input{object.at("messages").as_array()};
  if (const json::value* tools = object.if_contains("tools")) input.tools = &tools->as_array();
  if (const json::value* extra = object.if_contains("extra")) input.extra = &extra->as_object();
  input.add_generation_prompt = object.at("add_generation_prompt").as_bool();
  input.bos_token = "<s>";
  input.eos_token = "</s>";
  input.now = std::chrono::system_clock::from_time_t(1741529107);  // 2025-03-09 14:05:07 UTC
  return parsed->render(input);
}

void expect_equal(const json::object& object, const Result<tokenizer::MarkedText>& rendered) {
  if (const json::value* error = object.if_contains("error")) {
    EXPECT_FALSE(rendered) << "jinja2 fails: " << error->as_string()
                           << "\nhere: " << (rendered ? rendered->text : "");
  } else if (!rendered) {
    ADD_FAILURE() << rendered.error().message;
  } else {
    EXPECT_EQ(rendered->text, text_of(object, "rendered"));
    show_marks(*rendered);
  }
}

TEST(ChatReference, EveryCaseOfJinjaIsRenderedTheSame) {
  ::setenv("TZ", "UTC", 1);  // strftime_now speaks local time
  // RIPOSTE_CHAT_CASES: another file of such cases, for example of templates that are not ours to keep.
  const char* other = std::getenv("RIPOSTE_CHAT_CASES");
  const auto cases = read_json_lines(other ? other : RIPOSTE_SOURCE_DIR "/tests/chat/cases.jsonl");
  ASSERT_GE(cases.size(), other ? 1u : 120u);
  for (const json::object& object : cases) {
    SCOPED_TRACE(text_of(object, "name"));
    expect_equal(object, render_case(text_of(object, "template"), object));
  }
}

class ModelTemplate : public testing::TestWithParam<const char*> {};

TEST_P(ModelTemplate, RendersTheReferenceChatsOfItsModel) {
  const char* shared = std::getenv("RIPOSTE_SHARED");
  const std::filesystem::path cases_path =
      std::filesystem::path(shared ? shared : RIPOSTE_SOURCE_DIR "/../shared") / "reference" / GetParam() /
      "chat.jsonl";
  const char* home = std::getenv("RIPOSTE_HOME");
  const char* user_home = std::getenv("HOME");
  const std::filesystem::path root =
      home ? std::filesystem::path(home)
           : std::filesystem::path(user_home ? user_home : "") / ".cache/riposte";
  const std::filesystem::path model_path = root / "models" / (std::string(GetParam()) + ".gguf");
  if (!std::filesystem::exists(cases_path)) GTEST_SKIP() << "there is no " << cases_path;
  if (!std::filesystem::exists(model_path)) GTEST_SKIP() << "there is no " << model_path;

  const auto file = gguf::File::open(model_path);
  ASSERT_TRUE(file) << file.error().message;
  const auto source = file->get_string("tokenizer.chat_template");
  ASSERT_TRUE(source);
  const auto cases = read_json_lines(cases_path);
  ASSERT_FALSE(cases.empty());
  for (const json::object& object : cases) expect_equal(object, render_case(*source, object));
}

INSTANTIATE_TEST_SUITE_P(Models, ModelTemplate,
                         testing::Values("smollm2-135m-instruct-q4_1", "qwen2.5-coder-1.5b-instruct-q4_k_m"));

}  // namespace
}  // namespace riposte::chat
