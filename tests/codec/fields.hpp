// fields.hpp: what a request can say, field by field, and what becomes of it at each dialect.
//
// fields.txt is the table that people read (docs/dialects.md is made of it); here is how each field
// is set, so that the table can be compared with what the codecs do.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "made_request.hpp"

namespace parley::codec {

inline const std::vector<std::string> kDialects{
    "openai-chat", "openai-responses", "anthropic-messages", "gemini-generate"};

// One of the four, with an instance that all tests share.
const Dialect& dialect(const std::string& id);

enum class Fate {
    carries,   // it comes out as it went in
    imitates,  // something else stands for it
    watches,   // Parley does it on the reply; the upstream is not asked
    drops,     // left out without a word
    warns,     // left out, and named
    refuses
};

struct Outcome {
    Fate fate = Fate::carries;
    std::string code;  // of the warning, when there is one

    bool operator==(const Outcome&) const = default;
};

std::string word_of(const Outcome& outcome);

struct Row {
    std::string id;
    std::string group;  // the heading that it stands under
    std::string words;  // as users know it
    std::vector<std::string> said_by;
    // By target; where the client's dialect matters, by "client>target".
    std::map<std::string, Outcome> outcomes;

    bool is_said_by(const std::string& client) const;
    const Outcome& outcome(const std::string& client, const std::string& target) const;
};

// The table, in its order.
const std::vector<Row>& rows();

// Some rows of the table that can be said in one request.
std::vector<const Row*> choose(const std::function<bool(const Row&)>& wanted);

struct Field {
    const char* id;
    void (*set)(MadeRequest&, Chance&);
    // What it needs in order to mean something.
    void (*given)(MadeRequest&) = nullptr;
    // The same without the field, where it is a member of something else.
    void (*without)(MadeRequest&) = nullptr;
};

const std::vector<Field>& fields();
const Field& field(const std::string& id);

// A request with one user turn, and these fields.
Decoded ask(const std::string& client, const std::vector<const Field*>& set, uint32_t seed);
// The same without the field, but with what it needs.
Decoded ask_without(const std::string& client, const Field& field);

// What an encoded request would come in as, at whoever speaks the dialect.
Request sent(const std::string& dialect, const Encoded& encoded);

// What a request says: "sampling.temperature" -> "0.5"; without warnings and derived facts.
std::map<std::string, std::string> facts(const parley_request& request);

// "messages[].role = 3": the facts, each as often as it is said; where in a list does not count.
std::vector<std::string> statements(const parley_request& request);

// What a field says of a request, with all that it needs: "messages[].role".
std::set<std::string> kinds_of(const Field& each, const std::string& client);

// Whether a warning is about facts of this kind. Most have the name of a field.
bool is_named(const std::string& kind, const std::vector<std::string>& warnings);

// Those of `all` that `some` does not have, each as often as it stands there.
std::vector<std::string> without(std::vector<std::string> all,
                                 const std::vector<std::string>& some);

}  // namespace parley::codec
