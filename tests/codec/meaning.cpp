#include "meaning.hpp"

#include <algorithm>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "parley/sdk/json.hpp"
#include "parley/sdk/usage.hpp"

namespace parley::codec {

namespace {

// A call's arguments as a value: dialects spell them differently. Free text comes wrapped where a
// wire knows functions only, and without the request nobody can unwrap it.
std::string value_of(const std::string& arguments) {
    if (arguments.empty()) return "{}";
    boost::system::error_code wrong;
    const std::string whole = sdk::json_without_lone_surrogates(arguments);
    const auto value = boost::json::parse(whole, wrong);
    if (wrong) return arguments;
    if (const auto* object = value.if_object(); object != nullptr && object->size() == 1) {
        const auto* input = object->if_contains("input");
        if (input != nullptr && input->is_string())
            return value_of(std::string(input->as_string()));
    }
    return boost::json::serialize(value);
}

// STOP_SEQUENCE and its like are told as STOP where a dialect has no word for them.
std::string finish_of(const Event& e) {
    if (e.raw.type == PARLEY_EVENT_ERROR) return "error: " + e.text;
    switch (e.raw.kind) {
        case PARLEY_FINISH_TOOL_CALLS:
            return "calls";
        case PARLEY_FINISH_LENGTH:
        case PARLEY_FINISH_CONTEXT_LENGTH:
            return "length";
        case PARLEY_FINISH_REFUSAL:
        case PARLEY_FINISH_CONTENT_FILTER:
            return "refused";
        default:
            return "stop";
    }
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Meaning& m) {
    return out << "text " << m.text.substr(0, 200) << "\nreasoning " << m.reasoning.substr(0, 200)
               << "\ncalls " << m.calls.substr(0, 400) << "\nfinish " << m.finish << "\nusage "
               << m.usage;
}

Meaning meaning_of(const std::vector<Event>& events) {
    Meaning m;
    uint64_t section = 0;
    std::string arguments;
    for (const Event& e : events) {
        switch (e.raw.type) {
            case PARLEY_EVENT_PART_STARTED:
                section = 0;
                arguments.clear();
                if (e.raw.kind == PARLEY_PART_TOOL_CALL) m.calls += "\n" + e.name + ' ';
                break;
            case PARLEY_EVENT_TEXT_DELTA:
                m.text += e.text;
                break;
            case PARLEY_EVENT_REASONING_DELTA:
                // Where a dialect has no sections, blank lines stand between them.
                if (e.raw.a != section && !m.reasoning.empty()) m.reasoning += "\n\n";
                section = e.raw.a;
                m.reasoning += e.text;
                break;
            case PARLEY_EVENT_TOOL_ARGS_DELTA:
                arguments += e.text;
                break;
            case PARLEY_EVENT_PART_ENDED:
                if (e.raw.kind == PARLEY_PART_TOOL_CALL) m.calls += value_of(arguments);
                break;
            case PARLEY_EVENT_USAGE: {
                const sdk::Usage u = sdk::usage_of(e.border());
                m.usage = std::to_string(u.input_total) + " in " + std::to_string(u.output_total) +
                          " out";
                break;
            }
            case PARLEY_EVENT_FINISH:
            case PARLEY_EVENT_ERROR:
                m.finish = finish_of(e);
                break;
            default:
                break;
        }
    }
    return m;
}

std::string differences(const Meaning& wanted, const Meaning& got) {
    std::string out;
    const auto compare = [&](const char* field, const std::string& a, const std::string& b) {
        if (a == b) return;
        const auto at = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
        const auto from = static_cast<std::size_t>(std::max<std::ptrdiff_t>(at - 20, 0));
        out += std::string(field) + ": " + a.substr(from, 80) + " <> " + b.substr(from, 80) + '\n';
    };
    compare("text", wanted.text, got.text);
    compare("reasoning", wanted.reasoning, got.reasoning);
    compare("calls", wanted.calls, got.calls);
    compare("finish", wanted.finish, got.finish);
    compare("usage", wanted.usage, got.usage);
    return out;
}

}  // namespace parley::codec
