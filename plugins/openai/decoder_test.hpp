// decoder_test.hpp: streams of OpenAI's dialects, as servers bend them.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "codec/events.hpp"

namespace parley::codec {

inline const Dialect& chat() {
    static const Dialect dialect("openai-chat");
    return dialect;
}

inline const Dialect& responses() {
    static const Dialect dialect("openai-responses");
    return dialect;
}

inline std::string sse(const std::vector<std::string>& datas) {
    std::string out;
    for (const std::string& data : datas) out += "data: " + data + "\n\n";
    return out;
}

struct Case {
    const char* name;
    std::vector<std::string> datas;
    const char* wanted;
};

}  // namespace parley::codec
