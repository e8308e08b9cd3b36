#include "weakener.hpp"

#include <algorithm>
#include <array>

namespace parley::gemini {

namespace {

constexpr std::size_t kNoteBytesMax = 200;

constexpr std::array<std::string_view, 12> kRemarks{"$schema",
                                                    "$comment",
                                                    "$id",
                                                    "$anchor",
                                                    "readOnly",
                                                    "writeOnly",
                                                    "deprecated",
                                                    "examples",
                                                    "example",
                                                    "discriminator",
                                                    "externalDocs",
                                                    "xml"};

constexpr std::array<std::string_view, 7> kObjectWords{
    "type", "properties", "required", "additionalProperties", "title", "description", "allOf"};

}  // namespace

bool is_remark(std::string_view name) {
    return name.starts_with("x-") ||
           std::find(kRemarks.begin(), kRemarks.end(), name) != kRemarks.end();
}

Weakener::Weakener(std::string_view schema) {
    sdk::JsonReader r(schema);
    root_ = read_node(r, kDepthMax);
}

void Weakener::Notes::add(std::string_view name, const Node& value) {
    if (!text_.empty()) text_ += ", ";
    text_ += name;
    text_ += '=';
    text_ += value.is_string() ? value.text : value.json();
}

void Weakener::Notes::write(Node& out) const {
    if (text_.empty()) return;
    std::string note = "(constraint: " + text_;
    std::size_t size = std::min(note.size(), kNoteBytesMax - 1);
    // Not inside a character.
    while (size < note.size() && (static_cast<unsigned char>(note[size]) & 0xc0) == 0x80) --size;
    note = note.substr(0, size) + ')';
    const Node* description = out.find("description");
    const bool has = description != nullptr && !description->text.empty();
    out.set("description", Node::string(has ? description->text + ' ' + note : note));
}

std::string Weakener::ref_name(std::string_view ref) {
    for (const std::string_view root : {"#/$defs/", "#/definitions/"}) {
        if (!ref.starts_with(root)) continue;
        std::string name;
        const std::string_view rest = ref.substr(root.size());
        for (std::size_t i = 0; i < rest.size(); ++i) {
            const std::string_view two = rest.substr(i, 2);
            if (two == "~0" || two == "~1") {
                name += two == "~0" ? '~' : '/';
                ++i;
            } else {
                name += rest[i];
            }
        }
        return rest.find('/') == rest.npos ? name : std::string();
    }
    return {};
}

const Node* Weakener::resolve(std::string_view ref) const {
    if (ref == "#") return &root_;
    const std::string name = ref_name(ref);
    if (name.empty()) return nullptr;
    for (const std::string_view home : {"$defs", "definitions"}) {
        const Node* all = root_.find(home);
        const Node* found = all == nullptr ? nullptr : all->find(name);
        if (found != nullptr) return found;
    }
    return nullptr;
}

Node Weakener::known_names(const Node& required, const Node* properties) {
    Node out = Node::array();
    for (const auto& [unused, name] : required.members) {
        const bool known = properties != nullptr && properties->has(name.text);
        if (name.is_string() && known) out.push(name);
    }
    return out;
}

bool Weakener::is_plain_object(const Node& branch) {
    if (!branch.is_object()) return false;
    const Node* type = branch.find("type");
    const bool says = branch.has("properties") || branch.has("required") || branch.has("allOf");
    return (type == nullptr ? says : type->text == "object");
}

void Weakener::merge_into(Node& out, const Node& branch, Notes& notes, int depth) {
    const Node* ref = branch.is_object() ? branch.find("$ref") : nullptr;
    const Node* target = ref == nullptr ? &branch : resolve(ref->text);
    const bool fits = target != nullptr && depth < 8 && is_plain_object(*target);
    if (!fits) {
        note(notes, "allOf", branch);
        return;
    }
    for (const auto& [name, value] : target->members) {
        if (name == "allOf") {
            for (const auto& [unused, inner] : value.members) {
                merge_into(out, inner, notes, depth + 1);
            }
        } else if (name == "properties" && value.is_object()) {
            Node all = out.has(name) ? *out.find(name) : Node();
            for (const auto& [property, schema] : value.members) {
                if (!all.has(property)) all.members.push_back({property, schema});
            }
            out.set(name, std::move(all));
        } else if (name == "required" && value.is_array()) {
            Node all = out.has(name) ? *out.find(name) : Node::array();
            for (const auto& [unused, wanted] : value.members) all.push(wanted);
            out.set(name, std::move(all));
        } else if (std::find(kObjectWords.begin(), kObjectWords.end(), name) ==
                   kObjectWords.end()) {
            if (name[0] != '$') note(notes, name, value);
        } else if (!out.has(name)) {
            out.members.push_back({name, value});
        } else if (name == "additionalProperties") {
            is_weakened = true;
        }
    }
}

Node Weakener::merged(const Node& in, Notes& notes) {
    const Node* branches = in.find("allOf");
    if (branches == nullptr || !branches->is_array()) return in;
    Node out = in;
    out.erase("allOf");
    is_weakened = true;
    for (const auto& [unused, branch] : branches->members) merge_into(out, branch, notes, 0);
    // A property that was kept by its first schema may now stand beside a stricter
    // additionalProperties of another branch, which is no matter: it is known here.
    return out;
}

}  // namespace parley::gemini
