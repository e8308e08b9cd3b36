// embeddings.cpp: the route /v1/embeddings of openai-chat.
#include <bit>
#include <charconv>
#include <cmath>

#include "provider.hpp"

namespace parley::example {

namespace {

constexpr uint64_t kDimensions = 64;
constexpr uint64_t kNumbersMax = 65536;  // in one reply

// A direction that the text alone decides; other texts have unrelated ones.
std::vector<float> embed(std::string_view text, uint64_t dimensions) {
    std::vector<float> numbers(dimensions);
    uint64_t state = hash(text);
    double square = 0;
    for (float& number : numbers) {  // splitmix64
        uint64_t z = state += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        number = static_cast<float>(static_cast<int64_t>(z ^ (z >> 31)) >> 40);
        square += static_cast<double>(number) * number;
    }
    const auto length = static_cast<float>(std::sqrt(square));
    for (float& number : numbers) number /= length;
    return numbers;
}

std::string to_json(const std::vector<float>& numbers) {
    std::string json;
    for (const float number : numbers) {
        char digits[32];
        json += json.empty() ? '[' : ',';
        json.append(digits, std::to_chars(digits, std::end(digits), number).ptr);
    }
    return json + "]";
}

// Little-endian float32: what OpenAI's SDKs ask for unless told otherwise.
std::string to_base64(const std::vector<float>& numbers) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    uint32_t bits = 0;
    int held = 0;
    for (const float number : numbers) {
        const auto word = std::bit_cast<uint32_t>(number);
        for (int shift = 0; shift < 32; shift += 8) {
            bits = bits << 8 | (word >> shift & 0xff);
            for (held += 8; held >= 6; held -= 6) out += kDigits[bits >> (held - 6) & 63];
        }
    }
    if (held > 0) out += kDigits[bits << (6 - held) & 63];
    return out.append((4 - out.size() % 4) % 4, '=');
}

std::vector<std::string> write(const Question& question, const Saying&) {
    const std::string_view input = question.fields["input"];
    std::vector<std::string_view> inputs = list_of(input);
    // One text, or one text as token numbers.
    if (inputs.empty() || count_of(inputs[0]).has_value()) inputs = {input};
    const uint64_t dimensions = count_of(question.fields["dimensions"]).value_or(kDimensions);
    if (dimensions == 0 || dimensions > kNumbersMax / inputs.size()) {
        throw sdk::Failure(PARLEY_E_INVALID_ARGUMENT,
                           fill("dimensions: times inputs, 1 to % was expected", kNumbersMax),
                           "dimensions",
                           "invalid_value");
    }
    const bool base64 = text_of(question.fields["encoding_format"]) == "base64";
    std::string data;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const std::vector<float> numbers = embed(inputs[i], dimensions);
        data += fill(R"(%{"object":"embedding","index":%,"embedding":%})",
                     i == 0 ? "" : ",",
                     i,
                     base64 ? quote(to_base64(numbers)) : to_json(numbers));
    }
    return {fill(R"({"object":"list","data":[%],"model":%,)"
                 R"("usage":{"prompt_tokens":%,"total_tokens":%}})",
                 data,
                 quote(question.model),
                 question.words,
                 question.words)};
}

}  // namespace

const Wire kEmbeddings{"/v1/embeddings", write, nullptr};

}  // namespace parley::example
