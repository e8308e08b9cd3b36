#include "fields.hpp"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

#include <boost/json.hpp>

namespace parley::codec {

namespace json = boost::json;

const Dialect& dialect(const std::string& id) {
    static std::map<std::string, std::unique_ptr<Dialect>> all;
    auto& one = all[id];
    if (one == nullptr) one = std::make_unique<Dialect>(id);
    return *one;
}

// ---- the table ----

namespace {

struct FateWord {
    Fate fate;
    const char* word;
};

constexpr FateWord kFates[] = {{Fate::carries, "carries"},
                               {Fate::imitates, "imitates"},
                               {Fate::watches, "watches"},
                               {Fate::drops, "drops"},
                               {Fate::warns, "warns"},
                               {Fate::refuses, "refuses"}};

// C, R, A, G stand for the dialects.
std::string dialect_of(char letter) {
    const std::size_t at = std::string("CRAG").find(letter);
    if (at == std::string::npos) throw std::runtime_error(std::string("no dialect ") + letter);
    return kDialects[at];
}

std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream in(line);
    for (std::string cell; std::getline(in, cell, '|');) {
        const std::size_t from = cell.find_first_not_of(' ');
        const std::size_t to = cell.find_last_not_of(' ');
        cells.push_back(from == cell.npos ? "" : cell.substr(from, to - from + 1));
    }
    return cells;
}

Outcome outcome_of(const std::string& text) {
    const std::size_t colon = text.find(':');
    const std::string word = text.substr(0, colon);
    for (const FateWord& each : kFates) {
        if (word == each.word) {
            return {each.fate, colon == text.npos ? "" : text.substr(colon + 1)};
        }
    }
    throw std::runtime_error("no such outcome: " + text);
}

// "carries R>drops": what holds for all clients, and what for those of Responses.
void add_outcomes(Row& row, const std::string& target, const std::string& cell) {
    std::istringstream in(cell);
    for (std::string word; in >> word;) {
        const bool for_one = word.size() > 2 && word[1] == '>';
        const std::string key = for_one ? dialect_of(word[0]) + '>' + target : target;
        row.outcomes[key] = outcome_of(for_one ? word.substr(2) : word);
    }
}

std::vector<Row> read_rows() {
    std::ifstream in(PARLEY_SOURCE_DIR "/tests/codec/fields.txt");
    std::vector<Row> all;
    std::string group;
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line.starts_with("//")) continue;
        if (line.starts_with("## ")) {
            group = line.substr(3);
            continue;
        }
        const auto cells = cells_of(line);
        if (cells.size() != 7) throw std::runtime_error("fields.txt: seven columns: " + line);
        Row row{cells[0], group, cells[1], {}, {}};
        for (const char c : cells[2]) {
            if (c != ' ') row.said_by.push_back(dialect_of(c));
        }
        for (std::size_t i = 0; i < kDialects.size(); ++i) {
            add_outcomes(row, kDialects[i], cells[3 + i]);
        }
        all.push_back(std::move(row));
    }
    if (all.empty()) throw std::runtime_error("fields.txt is empty or missing");
    return all;
}

}  // namespace

std::string word_of(const Outcome& outcome) {
    for (const FateWord& each : kFates) {
        if (each.fate != outcome.fate) continue;
        return each.word + (outcome.code.empty() ? "" : ":" + outcome.code);
    }
    return "?";
}

bool Row::is_said_by(const std::string& client) const {
    return std::find(said_by.begin(), said_by.end(), client) != said_by.end();
}

const Outcome& Row::outcome(const std::string& client, const std::string& target) const {
    static const Outcome kCarried;
    const auto one = outcomes.find(client + '>' + target);
    if (one != outcomes.end()) return one->second;
    const auto all = outcomes.find(target);
    if (all != outcomes.end()) return all->second;
    if (client == target) return kCarried;
    throw std::runtime_error("fields.txt does not say what becomes of " + id + " at " + target);
}

const std::vector<Row>& rows() {
    static const std::vector<Row> all = read_rows();
    return all;
}

namespace {

// Fields of one family exclude one another: one answer has one format, one limit, one effort.
std::string family_of(const std::string& id) {
    static const std::set<std::string> kFamilies{"format",
                                                 "reasoning",
                                                 "tool_choice",
                                                 "tier",
                                                 "max_tokens",
                                                 "temperature",
                                                 "stop",
                                                 "seed",
                                                 "cache",
                                                 "previous",
                                                 "parallel",
                                                 "call",
                                                 "result"};
    std::string first = id.substr(0, id.find('.'));
    if (first == "result") first = "call";
    return kFamilies.contains(first) ? first : id;
}

}  // namespace

std::vector<const Row*> choose(const std::function<bool(const Row&)>& wanted) {
    std::vector<const Row*> chosen;
    std::set<std::string> families;
    const Row* last = nullptr;
    for (const Row& row : rows()) {
        if (families.contains(family_of(row.id)) || !wanted(row)) continue;
        families.insert(family_of(row.id));
        // Turns behind it would make it an answer.
        row.id == "prefill" ? static_cast<void>(last = &row) : chosen.push_back(&row);
    }
    if (last != nullptr) chosen.push_back(last);
    return chosen;
}

const Field& field(const std::string& id) {
    for (const Field& each : fields()) {
        if (each.id == id) return each;
    }
    throw std::runtime_error("no field " + id);
}

// ---- requests ----

Decoded ask(const std::string& client, const std::vector<const Field*>& set, uint32_t seed) {
    MadeRequest asked(client);
    asked.begin(PARLEY_ROLE_USER);
    asked.text("What is it?");
    for (const Field* each : set) {
        asked.begin(PARLEY_ROLE_USER);
        if (each->given != nullptr) each->given(asked);
        Chance chance(seed);
        each->set(asked, chance);
    }
    return asked.finish();
}

Decoded ask_without(const std::string& client, const Field& field) {
    MadeRequest asked(client);
    asked.begin(PARLEY_ROLE_USER);
    asked.text("What is it?");
    asked.begin(PARLEY_ROLE_USER);
    if (field.given != nullptr) field.given(asked);
    if (field.without != nullptr) field.without(asked);
    return asked.finish();
}

Request sent(const std::string& dialect, const Encoded& encoded) {
    Request request;
    request.path = encoded.path;
    request.query = encoded.query;
    request.headers = encoded.headers;
    request.body = encoded.body;
    if (dialect == "anthropic-messages") {
        request.headers.emplace_back("anthropic-version", "2023-06-01");
    }
    return request;
}

namespace {

void flatten(const json::value& value,
             const std::string& path,
             std::map<std::string, std::string>& out) {
    if (const auto* object = value.if_object()) {
        const bool is_server_tool = object->contains("server");
        for (const auto& member : *object) {
            // How a dialect names and sets up what its provider runs is its own matter.
            const std::string_view key = member.key();
            if (key == "wire_type" || key == "config") continue;
            if (is_server_tool && (key == "name" || key == "description")) continue;
            flatten(member.value(), path + '.' + std::string(member.key()), out);
        }
    } else if (const auto* array = value.if_array()) {
        for (std::size_t i = 0; i < array->size(); ++i) {
            flatten((*array)[i], path + '[' + std::to_string(i) + ']', out);
        }
    } else {
        out[path] = json::serialize(value);
    }
}

}  // namespace

std::map<std::string, std::string> facts(const parley_request& request) {
    parley_request r = request;
    r.warning_count = 0;
    r.flags &= PARLEY_REQUEST_STREAM;
    std::map<std::string, std::string> out;
    flatten(json::parse(dump(r)), "", out);
    return out;
}

std::vector<std::string> without(std::vector<std::string> all,
                                 const std::vector<std::string>& some) {
    for (const std::string& one : some) {
        const auto found = std::find(all.begin(), all.end(), one);
        if (found != all.end()) all.erase(found);
    }
    return all;
}

namespace {

// "messages[0].parts[1].text" -> "messages[].parts[].text"
std::string kind_of(const std::string& path) {
    std::string out;
    bool inside = false;
    for (const char c : path) {
        if (c == ']') inside = false;
        if (!inside) out += c;
        if (c == '[') inside = true;
    }
    return out;
}

}  // namespace

std::vector<std::string> statements(const parley_request& request) {
    std::vector<std::string> all;
    for (const auto& [path, value] : facts(request)) all.push_back(kind_of(path) + " = " + value);
    return all;
}

std::set<std::string> kinds_of(const Field& each, const std::string& client) {
    std::set<std::string> kinds;
    const Decoded nothing = ask(client, {}, 0);
    const Decoded asked = ask(client, {&each}, 0);
    for (const std::string& one :
         without(statements(*asked.request), statements(*nothing.request))) {
        kinds.insert(one.substr(0, one.find(" = ")));
    }
    return kinds;
}

bool is_named(const std::string& kind, const std::vector<std::string>& warnings) {
    static const std::map<std::string, std::string> kAbout{
        {"thinking_disabled", ".reasoning"},
        {"thinking_disabled_missing_history", ".reasoning"},
        {"effort_clamped", ".reasoning"},
        {"strict_dropped", ".tools[].strict"},
        {"schema_weakened", ".format.schema"},
        {"tool_dropped", ".tools"}};
    std::string member = kind.substr(kind.rfind('.') + 1);
    if (member.ends_with("[]")) member.resize(member.size() - 2);
    return std::any_of(warnings.begin(), warnings.end(), [&](const std::string& warning) {
        const auto about = kAbout.find(warning.substr(0, warning.find(';')));
        if (about != kAbout.end()) return kind.starts_with(about->second);
        return warning.find(';') != warning.npos && warning.find(member) != warning.npos;
    });
}

}  // namespace parley::codec
